import type { NodeGroup } from '../domain/cluster.ts';
import type { ReplicaBlock } from '../domain/plan.ts';
import type { Reason } from '../domain/reason.ts';
import type { GroupShare } from './configuration.ts';

interface Dims {
  readonly cp: number;
  readonly dp: number;
  readonly pp: number;
  readonly microBatches: number;
}

/** GPUs of a node group that a plan may take, in pipeline order. */
interface Pool {
  readonly group: NodeGroup;
  readonly gpus: number;
  readonly tp: number;
}

/** `tp`: one size for all groups asked for, or one for each. */
export function poolsOf(
  groups: readonly NodeGroup[],
  asked: readonly GroupShare[] | undefined,
  tp: number | readonly number[],
): Pool[] | Reason {
  const shares = sharesOf(groups, asked);
  if ('rule' in shares) return shares;
  if (typeof tp === 'number') return shares.map((share) => ({ ...share, tp }));
  if (tp.length === shares.length) return shares.map((share, i) => ({ ...share, tp: tp[i]! }));
  return {
    rule: 'groups',
    actual: `tp=${tp.join('/')}`,
    limit: `one size, or one for each of ${shares.map(({ group }) => group.id).join('/')}`,
  };
}

function sharesOf(
  groups: readonly NodeGroup[],
  asked: readonly GroupShare[] | undefined,
): Omit<Pool, 'tp'>[] | Reason {
  const all = groups.map((group) => ({ group, gpus: group.nodes * group.gpusPerNode }));
  if (asked === undefined) return all;
  const pools: Omit<Pool, 'tp'>[] = [];
  for (const { id, gpus } of asked) {
    const pool = all.find(({ group }) => group.id === id);
    if (pool === undefined || pools.some(({ group }) => group.id === id))
      return {
        rule: 'groups',
        actual: pool === undefined ? `groups has "${id}"` : `groups has "${id}" twice`,
        limit: `each of ${groups.map((group) => group.id).join(', ')} at most once`,
      };
    if (gpus !== null && gpus > pool.gpus)
      return { rule: 'groups', actual: `${id}:${gpus}`, limit: `${pool.gpus} GPUs` };
    pools.push({ group: pool.group, gpus: gpus ?? pool.gpus });
  }
  return pools;
}

/** Streams devices into stages; where a stage spans two groups its replicas fall into blocks of one GPU type each. */
export function replicasByStage(pools: readonly Pool[], d: Dims): ReplicaBlock[][] | Reason {
  const free = pools.map(({ group, gpus, tp }) => ({
    group,
    tp,
    next: group.firstDevice,
    left: Math.floor(gpus / (tp * d.cp)),
  }));
  const stages: ReplicaBlock[][] = [];
  for (let s = 0; s < d.pp; s++) {
    const replicas: ReplicaBlock[] = [];
    let need = d.dp;
    for (const pool of free) {
      const count = Math.min(need, pool.left);
      if (count === 0) continue;
      replicas.push({
        count,
        group: pool.group.index,
        firstDevice: pool.next,
        tp: pool.tp,
        microBatches: d.microBatches,
      });
      pool.next += count * pool.tp * d.cp;
      pool.left -= count;
      need -= count;
    }
    if (need > 0)
      return {
        rule: 'gpus',
        actual: `stage ${s} lacks ${need} replicas of ${[...new Set(pools.map(({ tp }) => tp * d.cp))].join(' or ')} GPUs`,
        limit: pools.map(({ group, gpus }) => `${gpus} × ${group.gpu.id}`).join(', '),
        hint: 'Maybe a smaller dp or pp.',
      };
    stages.push(replicas);
  }
  return stages;
}
