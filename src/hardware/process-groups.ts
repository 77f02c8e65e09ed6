import type { Cluster } from '../domain/cluster.ts';
import type { ParallelDims } from '../domain/parallel-dims.ts';
import { remembered, rememberedOf } from '../units/remembered.ts';
import { type Span, spanOf, spanOfRuns } from './span.ts';

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
  /** Those of them that share one set of its sharded states. */
  readonly expertShard: Span;
}

/** Copies of a stage on consecutive devices, each on tp × cp of them. */
export interface Copies {
  readonly firstDevice: number;
  readonly tp: number;
  readonly count: number;
}

/**
 * Rank order tp-cp-dp with pipeline outermost (Megatron's tp-cp-ep-dp-pp, torchtitan's mesh); the expert grid tiles
 * the same devices as etp-ep-edp. `copies`: all of a stage, runs that are alike in rank order; the groups are those of the
 * GPUs of run `own`.
 */
export function processGroups(
  cluster: Cluster,
  copies: readonly Copies[],
  own: number,
  dims: Degrees,
): ProcessGroups {
  const { cp, dpReplicate, dpShard, ep, etp } = dims;
  const known = rememberedOf(byCluster, cluster, () => new Map<string, ProcessGroups>());
  const key = `${textOf(copies)}/${own}/${cp}/${dpReplicate}/${dpShard}/${ep}/${etp}`;
  return remembered(known, key, () => groupsOf(cluster, copies, own, dims), MOST_REMEMBERED);
}

type Degrees = Omit<ParallelDims, 'pp' | 'vpp'>;

/** Many plans have the same groups, and what follows from them is worked out once: the same ones are one object. */
const byCluster = new WeakMap<Cluster, Map<string, ProcessGroups>>();
const MOST_REMEMBERED = 4000;

const texts = new WeakMap<readonly Copies[], string>();

function textOf(copies: readonly Copies[]): string {
  return rememberedOf(texts, copies, () =>
    copies.map(({ firstDevice, tp, count }) => `${firstDevice}x${tp}x${count}`).join(),
  );
}

/** What all runs of the same copies have in common. */
type CommonGroups = Pick<ProcessGroups, 'gradient' | 'expertData'>;

const common = new WeakMap<Cluster, Map<string, CommonGroups>>();

function groupsOf(cluster: Cluster, copies: readonly Copies[], own: number, dims: Degrees): ProcessGroups {
  const { tp, cp, dpReplicate, dpShard, ep, etp } = dims;
  const { firstDevice } = copies[own]!;
  // Each stage reduces when its own last backward is done, in all its groups at once; layers talk in all stages.
  const talking = copies.reduce((sum, one) => sum + one.tp * cp * one.count, 0);
  const across = (some: readonly Copies[]) =>
    spanOfRuns(
      cluster,
      some.map((one) => ({ firstDevice: one.firstDevice, stride: one.tp, size: cp * one.count })),
      { talking },
    );
  const key = `${textOf(copies)}/${cp}/${ep}/${etp}`;
  const known = rememberedOf(common, cluster, () => new Map<string, CommonGroups>());
  const ofExpert = (some: readonly Copies[]) =>
    spanOfRuns(
      cluster,
      some.map((one) => ({
        firstDevice: one.firstDevice,
        stride: etp * ep,
        size: Math.max(1, Math.floor((one.tp * cp * one.count) / (ep * etp))),
      })),
      { talking },
    );
  const { gradient, expertData } = remembered(
    known,
    key,
    () => ({ gradient: across(copies), expertData: ofExpert(copies) }),
    MOST_REMEMBERED,
  );
  const set = dpReplicate === 1 ? null : setOf(copies, own, cp, dpShard);
  return {
    tensor: spanOf(cluster, firstDevice, 1, tp),
    context: spanOf(cluster, firstDevice, tp, cp),
    gradient,
    shard: set === null ? gradient : across(set),
    expert: spanOf(cluster, firstDevice, etp, ep),
    expertTensor: spanOf(cluster, firstDevice, 1, etp),
    expertData,
    expertShard: set === null ? expertData : ofExpert(set),
  };
}

/** The copies that share one set of sharded states with the first copy of run `own`: `size` copies in rank order. */
function setOf(copies: readonly Copies[], own: number, cp: number, size: number): Copies[] {
  const before = copies.slice(0, own).reduce((sum, { count }) => sum + count, 0);
  const first = before - (before % size);
  let rank = 0;
  return copies.flatMap(({ firstDevice, tp, count }) => {
    const from = Math.max(0, first - rank);
    const to = Math.min(count, first + size - rank);
    rank += count;
    return to > from ? [{ firstDevice: firstDevice + from * tp * cp, tp, count: to - from }] : [];
  });
}
