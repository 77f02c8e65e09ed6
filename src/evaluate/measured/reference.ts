import type { Cluster, NodeGroup } from '../../domain/cluster.ts';
import type { PartShape, ProfilePart } from '../../domain/layer-profile.ts';
import type { LayerKind } from '../../domain/model.ts';
import type { ParallelDims } from '../../domain/parallel-dims.ts';
import type { Techniques } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { usualSchedule } from '../../schedules/index.ts';
import { TECHNIQUES } from '../../techniques/index.ts';
import { remembered, rememberedOf } from '../../units/remembered.ts';
import { stageContext } from '../context.ts';
import { operatorMemory } from '../memory/operator-memory.ts';
import { layerTime } from '../time/layer-time.ts';
import { seconds } from '../time/pass-time.ts';
import { treated } from '../treated.ts';
import { partOperators } from './part-operators.ts';

/** What the model says of a part where a profile measured it. */
export interface Reference {
  readonly forwardSeconds: number;
  readonly backwardSeconds: number;
  readonly savedBytes: number;
}

/**
 * The estimate of a part at a shape that was measured, under the techniques that are usual there. It depends on nothing that a
 * plan chooses, nor on where its nodes stand, so that bounds and estimates scale by the same factors.
 */
export function referenceOf(
  problem: Problem,
  group: NodeGroup,
  part: ProfilePart,
  kind: LayerKind | null,
  shape: PartShape,
): Reference {
  const known = rememberedOf(references, problem, () => new Map<string, Reference>());
  const key = `${group.index}/${part}/${kind?.name ?? ''}/${Object.values(shape).join('/')}`;
  return remembered(known, key, () => estimated(problem, group, part, kind, shape));
}

const references = new WeakMap<Problem, Map<string, Reference>>();

function estimated(
  problem: Problem,
  group: NodeGroup,
  part: ProfilePart,
  kind: LayerKind | null,
  shape: PartShape,
): Reference {
  const { tensorParallel: tp, contextParallel: cp, expertParallel: ep, expertTensorParallel: etp } = shape;
  const dpShard = Math.max(1, Math.ceil((ep * etp) / (tp * cp)));
  const dims: ParallelDims = { tp, cp, pp: 1, dpReplicate: 1, dpShard, ep, etp, vpp: 1 };
  const { precision, sequenceLength } = shape;
  const there: Problem = {
    ...problem,
    cluster: homeOf(group, tp * cp * dpShard),
    workload: { ...problem.workload, precision, sequenceLength },
  };
  const context = stageContext(there, {
    group: 0,
    firstDevice: 0,
    dims,
    microBatchSize: shape.microBatch,
    schedule: usualSchedule(1).id,
    techniques: usual(there, dims),
  });
  const { model, stack } = problem;
  const operators = partOperators(part, kind, { model, local: context.local, stack, c: context.c });
  const list = part === 'layer' ? treated(operators, context) : operators;
  const { forward, backward } = layerTime(list, context);
  const memory = operatorMemory(list, context);
  return {
    forwardSeconds: seconds(forward),
    backwardSeconds: seconds(backward),
    savedBytes: part === 'loss' ? memory.logits.saved : memory.saved,
  };
}

function usual(problem: Problem, dims: ParallelDims): Techniques {
  return TECHNIQUES.reduce<Techniques>((all, one) => one.set(all, one.usual?.(problem, dims) ?? one.off), {});
}

const homes = new WeakMap<NodeGroup, Map<number, Cluster>>();

/** The group by itself; one node with room enough where it has fewer GPUs than took part in a measurement. */
function homeOf(group: NodeGroup, devices: number): Cluster {
  return remembered(
    rememberedOf(homes, group, () => new Map<number, Cluster>()),
    devices,
    () => {
      const enough = group.nodes * group.gpusPerNode >= devices;
      const size = enough ? {} : { nodes: 1, gpusPerNode: devices, fastDomainGpus: devices };
      const nic = { ...group.nic, measured: null };
      const alone: NodeGroup = { ...group, ...size, nic, index: 0, firstDevice: 0 };
      return { name: group.id, groups: [alone], links: [], assumptions: [] };
    },
  );
}
