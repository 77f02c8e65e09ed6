import type { NodeGroup } from '../../domain/cluster.ts';
import { type LayerProfileEntry, shapeOf } from '../../domain/layer-profile.ts';
import type { LayerKind } from '../../domain/model.ts';
import type { Problem } from '../../domain/problem.ts';
import { flopsByPart } from '../../layers/parameters.ts';
import { asRun, factors } from './as-measured.ts';
import { hasPart } from './reading.ts';
import { referenceOf } from './reference.ts';

/** How fast a profile makes a GPU at most, whatever a plan does with it. */
export interface Pace {
  /** No estimate is scaled by less; 1 where parts with model FLOPs stay as estimated. */
  readonly leastFactor: number;
  /** Most model FLOP/s of what is taken as measured; 0: nothing is. */
  readonly mostFlops: number;
}

/** Between two points time and work both go along straight lines: no rate there is above those of the points. */
export function paceOf(problem: Problem, group: NodeGroup): Pace {
  const { layerProfile, model, workload, stack } = problem;
  const own = layerProfile?.entries.filter(({ gpu }) => gpu === group.gpu.id) ?? [];
  const complete = own.some(({ part }) => part === 'layer') && hasPart(problem, group.gpu.id, 'head');
  let leastFactor = complete && model.mtpLayers === 0 ? Number.POSITIVE_INFINITY : 1;
  let mostFlops = 0;
  const flops = flopsByPart(model, workload.sequenceLength);
  for (const entry of own) {
    for (const { kind, perToken } of partsOf(entry, model.kinds, flops)) {
      for (const point of entry.points) {
        const measured = asRun(point, stack.timeMultiplier.value);
        const shape = shapeOf(entry, point.microBatch, workload.precision);
        const reference = referenceOf(problem, group, entry.part, kind, shape);
        const { forward, backward } = factors(measured, reference);
        leastFactor = Math.min(leastFactor, forward, backward);
        const tokens = (entry.sequenceLength * point.microBatch) / entry.contextParallel;
        const seconds = measured.forwardSeconds + measured.backwardSeconds;
        mostFlops = Math.max(mostFlops, (perToken * tokens) / entry.tensorParallel / seconds);
      }
    }
  }
  return { leastFactor, mostFlops };
}

/** What an entry may stand for that has model FLOPs, with FLOPs of a token. */
function partsOf(
  { part, layerKind }: LayerProfileEntry,
  all: readonly LayerKind[],
  flops: ReturnType<typeof flopsByPart>,
): readonly { readonly kind: LayerKind | null; readonly perToken: number }[] {
  if (part === 'head') return [{ kind: null, perToken: flops.head }];
  if (part !== 'layer') return [];
  return all
    .map((kind, i) => ({ kind, perToken: flops.kinds[i]! }))
    .filter(({ kind }) => layerKind === null || kind.name === layerKind);
}
