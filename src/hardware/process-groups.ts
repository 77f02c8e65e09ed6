import type { Cluster } from '../domain/cluster.ts';
import type { ParallelDims } from '../domain/parallel-dims.ts';
import { remembered, rememberedOf } from '../units/remembered.ts';
import { type Span, spanOf } from './span.ts';

/** The communication groups that a GPU of a stage belongs to. */
export interface ProcessGroups {
  readonly tensor: Span;
  readonly context: Span;
  /** Data × context parallel: what dense gradients are summed over. */
  readonly gradient: Span;
  /** Ranks that share one set of sharded states. */
  readonly shard: Span;
  readonly expert: Span;
  readonly expertTensor: Span;
  /** Copies of one expert: what gradients of experts are summed over. */
  readonly expertData: Span;
}

/**
 * Rank order tp-cp-dp with pipeline outermost (Megatron's tp-cp-ep-dp-pp, torchtitan's mesh); the expert grid tiles
 * the same devices as etp-ep-edp. `firstDevice`: of the stage.
 */
export function processGroups(cluster: Cluster, firstDevice: number, dims: Degrees): ProcessGroups {
  const { tp, cp, dpReplicate, dpShard, ep, etp } = dims;
  const known = rememberedOf(byCluster, cluster, () => new Map<string, ProcessGroups>());
  const key = `${firstDevice}/${tp}/${cp}/${dpReplicate}/${dpShard}/${ep}/${etp}`;
  return remembered(known, key, () => groupsOf(cluster, firstDevice, dims), MOST_REMEMBERED);
}

type Degrees = Omit<ParallelDims, 'pp' | 'vpp'>;

/** Many plans have the same groups, and what follows from them is worked out once: the same ones are one object. */
const byCluster = new WeakMap<Cluster, Map<string, ProcessGroups>>();
const MOST_REMEMBERED = 4000;

function groupsOf(cluster: Cluster, firstDevice: number, dims: Degrees): ProcessGroups {
  const { tp, cp, dpReplicate, dpShard, ep, etp } = dims;
  const dp = dpReplicate * dpShard;
  const expertCopies = Math.max(1, Math.floor((tp * cp * dp) / (ep * etp)));
  const gradient = spanOf(cluster, firstDevice, tp, cp * dp);
  return {
    tensor: spanOf(cluster, firstDevice, 1, tp),
    context: spanOf(cluster, firstDevice, tp, cp),
    gradient,
    shard: dpReplicate === 1 ? gradient : spanOf(cluster, firstDevice, tp, cp * dpShard),
    expert: spanOf(cluster, firstDevice, etp, ep),
    expertTensor: spanOf(cluster, firstDevice, 1, etp),
    expertData: spanOf(cluster, firstDevice, etp * ep, expertCopies),
  };
}
