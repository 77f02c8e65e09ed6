import { type MemoryTerm, memoryTerm } from '../../domain/memory-term.ts';
import { statesIn } from '../../domain/stack.ts';
import {
  type BufferParameter,
  isAligned,
  type PaddingLine,
  paddingLine,
} from '../../optimizers/aligned-layout.ts';
import type { Holding } from '../../techniques/holding.ts';
import { remembered } from '../../units/remembered.ts';
import type { StageProfile } from '../stage-profile.ts';

const MOST_REMEMBERED = 1000;
const lines = new Map<string, PaddingLine>();

/**
 * What ranks that share matrices out in shards of one length hold beside those: padding of weights, of gradients, and of their own
 * shard's states. A stage of several kinds of layer is given the padding of each kind, and one largest matrix on every rank at least.
 */
export function alignedTerms(
  profile: StageProfile,
  holdings: readonly Holding[],
): (chunks: number) => MemoryTerm[] {
  const { problem, groups, dims } = profile.context;
  const pieces = dims.pp * dims.vpp;
  const { workload, stack } = problem;
  if (!isAligned(workload.optimizerOptions ?? {})) return () => [];
  const shared = holdings.filter(
    ({ state, device, share }) => state === 'optimizer states' && device === 'gpu' && share < 1,
  );
  const held = statesIn(workload, stack.state);
  const made = shared.map(({ of, share }) => {
    const ranks = of === 'dense' ? groups.shard.size : groups.expertShard.size;
    const kinds = profile.layers.map((row) =>
      row.map((part, kind) => {
        const { unsplit, trained, 'optimizer states': states } = part.memory.owned;
        const perElement =
          held.weights + held.gradients + (trained[of] === 0 ? 0 : (share * states[of]) / trained[of]);
        const most = problem.model.layers.filter((one) => one === kind).length;
        return scaled(lineOf(unsplit?.buffers[of] ?? [], most, pieces, ranks), perElement);
      }),
    );
    const fixed = kinds[0]!.reduce((sum, one) => sum + one.fixed, 0);
    const largest = Math.max(
      0,
      ...profile.layers[0]!.flatMap((part) => largestOf(part.memory.owned.unsplit?.buffers[of] ?? [])),
    );
    const floor = kinds[0]!.length > 1 ? ranks * largest * (held.weights + held.gradients) : 0;
    return {
      layers: kinds.map((row) => Float64Array.from(row, ({ perLayer }) => perLayer)),
      fixed: Math.max(fixed, floor),
    };
  });
  return (chunks) =>
    made.map(({ layers, fixed }) =>
      memoryTerm({ part: 'buffer padding', layers, fixed: new Array<number>(chunks).fill(fixed) }),
    );
}

function lineOf(
  parameters: readonly BufferParameter[],
  most: number,
  pieces: number,
  ranks: number,
): PaddingLine {
  const key = `${ranks}|${most}|${pieces}|${parameters.map(({ elements, cost }) => `${elements}/${cost}`).join()}`;
  return remembered(
    lines,
    key,
    () => paddingLine(parameters, { most, usual: Math.max(1, most / pieces), ranks }),
    MOST_REMEMBERED,
  );
}

function scaled({ perLayer, fixed }: PaddingLine, bytes: number): PaddingLine {
  return { perLayer: bytes * perLayer, fixed: bytes * fixed };
}

function largestOf(parameters: readonly BufferParameter[]): number[] {
  return parameters.map(({ elements }) => elements);
}
