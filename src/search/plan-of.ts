import type { NodeGroup } from '../domain/cluster.ts';
import type { Plan, Recompute, RecomputeModule, ReplicaBlock, Stage } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import { scheduleOf } from '../schedules/index.ts';
import { chunkCounts } from './chunk-counts.ts';
import type { COUNTS, Configuration } from './configuration.ts';
import type { Serving } from './layouts.ts';
import { illegal } from './rules.ts';
import { selectiveRecompute } from './switches.ts';

export interface Configured {
  readonly plan: Plan;
  /** Keys that were not given, and what was taken for them. */
  readonly inferred: readonly string[];
}

/**
 * Writes a configuration out over the cluster's devices in the order of its groups; a stage takes the next tp·cp·dp
 * devices. Returns a Reason when it breaks a law.
 */
export function planOf(problem: Problem, configuration: Configuration): Configured | Reason {
  const { cluster, workload, model } = problem;
  const inferred: string[] = [];
  const take = (key: (typeof COUNTS)[number], fallback: number) => {
    if (configuration[key] !== undefined) return configuration[key];
    inferred.push(`${key}=${fallback}`);
    return fallback;
  };
  const tp = take('tp', 1);
  const pp = take('pp', configuration.layers?.length ?? 1);
  const cp = take('cp', 1);
  const pools = poolsOf(cluster.groups, configuration.groups);
  if ('rule' in pools) return pools;
  const all = pools.reduce((sum, { gpus }) => sum + gpus, 0);
  const dp = take('dp', Math.max(1, Math.floor(all / (tp * pp * cp))));
  const used = tp * pp * cp * dp;
  if (used > all)
    return {
      rule: 'gpus',
      actual: `tp·cp·pp·dp = ${used}`,
      limit: `${all} GPUs of ${cluster.name}`,
      hint: 'Maybe a smaller dp.',
    };
  const microBatch = take('micro-batch', 1);
  const { globalBatchSize } = workload;
  if (globalBatchSize % (dp * microBatch) !== 0) {
    return {
      rule: 'batch-divisible',
      actual: `global batch ${globalBatchSize}`,
      limit: `a multiple of dp·micro-batch = ${dp * microBatch}`,
      hint: `Maybe dp=${largestDivisor(globalBatchSize, dp)}.`,
    };
  }
  if (configuration['recompute-layers'] !== undefined && configuration.recompute !== 'full')
    return {
      rule: 'recompute-layers',
      actual: `recompute=${configuration.recompute ?? 'none'}`,
      limit: 'recompute=full',
    };
  const vpp = take('vpp', 1);
  const ep = take('ep', 1);
  const etp = take('etp', 1);
  const microBatches = globalBatchSize / (dp * microBatch);
  const id = configuration.schedule ?? (vpp > 1 ? 'interleaved-1f1b' : '1f1b');
  const schedule = scheduleOf(id);
  if (schedule === undefined) return { rule: 'schedule', actual: id, limit: 'a schedule that can be timed' };
  const shape = { stages: pp, microBatches, virtualStages: vpp };
  const refusal = pp > 1 || vpp > 1 ? schedule.reject(shape) : null;
  if (refusal !== null) return refusal;
  const counts = chunkCounts(model.layers.length, pp, vpp, configuration.layers);
  if ('rule' in counts) return counts;
  const stages = stagesOf(pools, counts, { tp, cp, dp, pp, microBatches }, (g) =>
    schedule.stageOfChunk(g, shape),
  );
  if ('rule' in stages) return stages;
  const layout = { family: 'uniform', runs: groupsOf(stages, tp), tp, cp, dp, ep, etp, pp } as const;
  const broken = illegal(problem, layout);
  if (broken !== null) return broken;
  const sharding = configuration.sharding ?? (dp * cp === 1 ? 0 : problem.stack.fullySharded ? 3 : 1);
  if (configuration.sharding === undefined) inferred.push(`sharding=${sharding}`);
  const shardGroups = configuration['shard-groups'] ?? 1;
  if ((dp * cp) % shardGroups !== 0)
    return {
      rule: 'shard-groups',
      actual: `${shardGroups} shard groups`,
      limit: `a divisor of dp·cp = ${dp * cp}`,
    };
  const plan: Plan = {
    pipelines: [{ stages, microBatches: microBatches * dp }],
    schedule: {
      id,
      virtualStages: vpp,
      ...(configuration.vocabulary === undefined ? {} : { vocabulary: configuration.vocabulary }),
    },
    microBatchSize: microBatch,
    contextParallel: cp,
    expertParallel: ep,
    expertTensorParallel: etp,
    sequenceParallel: configuration.sp ?? tp > 1,
    recompute: recomputeOf(problem, configuration),
    optimizerSharding: sharding,
    shardGroup: shardGroups === 1 ? null : (dp * cp) / shardGroups,
    nodeOrder: null,
  };
  return { plan, inferred };
}

function recomputeOf(problem: Problem, configuration: Configuration): Recompute {
  const text = configuration.recompute ?? 'none';
  const layersPerStage = configuration['recompute-layers'] ?? null;
  if (text === 'full') return { mode: text, modules: [], layersPerStage };
  if (text === 'none') return { mode: text, modules: [], layersPerStage: null };
  if (text === 'selective') return selectiveRecompute(problem);
  return { mode: 'selective', modules: text.split('+') as RecomputeModule[], layersPerStage: null };
}

/** The node groups that stages use, for the laws that ask about GPUs. */
function groupsOf(stages: readonly Stage[], tp: number): Serving[] {
  const groups = new Set(stages.flatMap((stage) => stage.replicas.map((block) => block.group)));
  return [...groups].map((group) => ({ group, stages: stages.length, tp }));
}

interface Dims {
  readonly tp: number;
  readonly cp: number;
  readonly dp: number;
  readonly pp: number;
  readonly microBatches: number;
}

/** GPUs of a node group that a plan may take, in pipeline order. */
interface Pool {
  readonly group: NodeGroup;
  readonly gpus: number;
}

function poolsOf(groups: readonly NodeGroup[], asked: Configuration['groups']): Pool[] | Reason {
  const all = groups.map((group) => ({ group, gpus: group.nodes * group.gpusPerNode }));
  if (asked === undefined) return all;
  const pools: Pool[] = [];
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
function stagesOf(
  pools: readonly Pool[],
  counts: readonly number[],
  d: Dims,
  stageOf: (chunk: number) => number,
): Stage[] | Reason {
  const perReplica = d.tp * d.cp;
  const free = pools.map(({ group, gpus }) => ({
    group,
    next: group.firstDevice,
    left: Math.floor(gpus / perReplica),
  }));
  const stages: Stage[] = [];
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
        tensorParallel: d.tp,
        microBatches: d.microBatches,
      });
      pool.next += count * perReplica;
      pool.left -= count;
      need -= count;
    }
    if (need > 0)
      return {
        rule: 'gpus',
        actual: `stage ${s} lacks ${need} replicas of ${perReplica} GPUs`,
        limit: pools.map(({ group, gpus }) => `${gpus} × ${group.gpu.id}`).join(', '),
        hint: 'Maybe a smaller dp or pp.',
      };
    stages.push({ chunks: [], replicas });
  }
  let first = 0;
  const chunks: { first: number; end: number }[][] = stages.map(() => []);
  for (const [g, count] of counts.entries()) {
    chunks[stageOf(g)]!.push({ first, end: first + count });
    first += count;
  }
  return stages.map((stage, s) => ({ ...stage, chunks: chunks[s]! }));
}

function largestDivisor(n: number, most: number): number {
  for (let d = most; d > 1; d--) if (n % d === 0) return d;
  return 1;
}
