import type { ParallelDims } from '../domain/parallel-dims.ts';
import type { LayerRange, Plan, Stage, Techniques } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import { planLaw, replicateLaw } from '../laws/plan.ts';
import { splitLaw } from '../laws/split.ts';
import { scheduleOf, usualSchedule } from '../schedules/index.ts';
import { type ChunkPlace, chunkPlaces, modelsIn, scheduleLaw } from '../schedules/schedule.ts';
import { TECHNIQUES } from '../techniques/index.ts';
import { chunkCounts } from './chunk-counts.ts';
import type { Configuration, Count } from './configuration.ts';
import { widestOf } from './degrees.ts';
import { outsideLaw } from './outside.ts';
import { poolsOf, replicasByStage } from './pools.ts';
import { spelledOut } from './spelled-out.ts';

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
  const { pipelines } = configuration;
  return pipelines === undefined
    ? planOfDegrees(problem, configuration)
    : planOfPipelines(problem, configuration, pipelines);
}

function planOfPipelines(
  problem: Problem,
  { counts, schedule, techniques }: Configuration,
  texts: NonNullable<Configuration['pipelines']>,
): Configured | Reason {
  const outside = outsideLaw(problem, techniques);
  if (outside !== null) return outside;
  const inferred: string[] = [];
  const take = taker(counts, inferred);
  const [cp, microBatchSize, ep, etp] = [
    take('cp', 1),
    take('micro-batch', 1),
    take('ep', 1),
    take('etp', 1),
  ];
  const pipelines = spelledOut(problem, texts, { cp, microBatchSize });
  if ('rule' in pipelines) return pipelines;
  const plan: Plan = {
    pipelines,
    dims: { cp, ep, etp, vpp: 1, dpReplicate: counts['dp-replicate'] ?? 1 },
    schedule: schedule ?? usualSchedule(1).id,
    techniques: {},
    nodeOrder: null,
  };
  const whole = { ...plan, techniques: techniquesOf(problem, widestOf(plan), techniques, inferred) };
  return planLaw(problem, whole) ?? { plan: whole, inferred };
}

/** What is given of a count, or a fallback, which is noted. */
function taker(given: Configuration['counts'], inferred: string[]) {
  return (key: Count, fallback: number): number => {
    const value = given[key];
    if (value === undefined) inferred.push(`${key}=${fallback}`);
    return value ?? fallback;
  };
}

function planOfDegrees(problem: Problem, configuration: Configuration): Configured | Reason {
  const { cluster, workload, model } = problem;
  const { counts: given } = configuration;
  const outside = outsideLaw(problem, configuration.techniques);
  if (outside !== null) return outside;
  const inferred: string[] = [];
  const take = taker(given, inferred);
  const unlike = configuration.tensorParallel;
  const tp = unlike === undefined ? take('tp', 1) : Math.max(...unlike);
  const pp = take('pp', configuration.layers?.length ?? 1);
  const cp = take('cp', 1);
  const pools = poolsOf(cluster.groups, configuration.groups, unlike ?? tp);
  if ('rule' in pools) return pools;
  const all = pools.reduce((sum, { gpus }) => sum + gpus, 0);
  const copies = pools.reduce((sum, pool) => sum + Math.floor(pool.gpus / (pool.tp * cp)), 0);
  const dp = take('dp', Math.max(1, Math.floor((unlike === undefined ? all / (tp * cp) : copies) / pp)));
  const used = tp * pp * cp * dp;
  if (unlike === undefined && used > all)
    return {
      rule: 'gpus',
      actual: `tp·cp·pp·dp = ${used}`,
      limit: `${all} GPUs of ${cluster.name}`,
      hint: dp > 1 ? 'Maybe a smaller dp.' : 'Maybe smaller degrees.',
    };
  // Before what rests on a dp that may be nobody's.
  const stood = replicasByStage(pools, { cp, dp, pp, microBatches: 1 });
  const shapes = 'rule' in stood ? [] : stood.flat();
  const unsplit = splitLaw(problem, { shapes, cp, dp, ep: given.ep ?? 1, etp: given.etp ?? 1 });
  if (unsplit !== null) return unsplit;
  const microBatchSize = take('micro-batch', 1);
  const { globalBatchSize } = workload;
  if (globalBatchSize % (dp * microBatchSize) !== 0) {
    return {
      rule: 'batch-divisible',
      actual: `global batch ${globalBatchSize}`,
      limit: `a multiple of dp·micro-batch = ${dp * microBatchSize}`,
      hint:
        globalBatchSize % dp === 0
          ? `Maybe micro-batch=${largestDivisor(globalBatchSize / dp, microBatchSize)}.`
          : `Maybe dp=${largestDivisor(globalBatchSize, dp)}.`,
    };
  }
  const vpp = take('vpp', 1);
  const ep = take('ep', 1);
  const etp = take('etp', 1);
  const dpReplicate = given['dp-replicate'] ?? 1;
  const uneven = replicateLaw(dp, dpReplicate);
  if (uneven !== null) return uneven;
  const dims: ParallelDims = { tp, cp, pp, dpReplicate, dpShard: dp / dpReplicate, ep, etp, vpp };
  const microBatches = globalBatchSize / (dp * microBatchSize);
  const schedule = configuration.schedule ?? usualSchedule(vpp).id;
  const shape = { stages: pp, microBatches, virtualStages: vpp };
  const disorder = scheduleLaw(scheduleOf(schedule), shape);
  if (disorder !== null) return disorder;
  const places = chunkPlaces(scheduleOf(schedule), shape);
  const models = modelsIn(scheduleOf(schedule));
  const layers = chunkCounts(
    model.layers.length,
    places.slice(0, places.length / models),
    configuration.layers,
  );
  if ('rule' in layers) return layers;
  const replicas = replicasByStage(pools, { cp, dp, pp, microBatches });
  if ('rule' in replicas) return replicas;
  const chunks = chunksByStage(layers, places);
  const plan: Plan = {
    pipelines: [
      {
        stages: replicas.map(
          (blocks, s): Stage => ({ chunks: chunks[s]!, microBatchSize, replicas: blocks }),
        ),
        microBatches: microBatches * dp,
      },
    ],
    dims: { cp, ep, etp, vpp, dpReplicate },
    schedule,
    techniques: techniquesOf(problem, dims, configuration.techniques, inferred),
    nodeOrder: null,
  };
  return planLaw(problem, plan) ?? { plan, inferred };
}

/** The plan with the values of its techniques as a plan of the problem has them. */
export function resolved(problem: Problem, plan: Plan): Plan {
  const dims = widestOf(plan);
  const techniques = TECHNIQUES.reduce((all, { of, set, resolve, format }) => {
    const [stated, meant] = [of(all), resolve?.(of(all), problem, dims) ?? of(all)];
    return format(meant) === format(stated) ? all : set(all, meant);
  }, plan.techniques);
  return { ...plan, techniques };
}

/** What was asked, spelled out for the problem, and what is usual for the rest. */
function techniquesOf(
  problem: Problem,
  dims: ParallelDims,
  asked: Techniques,
  inferred: string[],
): Techniques {
  let all: Techniques = {};
  for (const { id, set, usual, resolve, renamed, format, off, choices } of TECHNIQUES) {
    const stated = asked[id];
    const value = stated ?? usual?.(problem, dims) ?? off;
    if (stated === undefined && usual !== undefined && choices !== undefined)
      inferred.push(`${id}=${format(value)}`);
    const resolved = resolve?.(value, problem, dims) ?? value;
    if (stated !== undefined && renamed !== true && format(resolved) !== format(stated))
      inferred.push(`${id}=${format(resolved)}`);
    all = set(all, resolved);
  }
  return all;
}

/** The chunks of each stage, given the layers of all chunks in layer order, of one model, and where each lives. */
export function chunksByStage(layers: readonly number[], places: readonly ChunkPlace[]): LayerRange[][] {
  const byStage: LayerRange[][] = [];
  let first = 0;
  for (const [g, { stage }] of places.entries()) {
    if (g % layers.length === 0) first = 0;
    const end = first + layers[g % layers.length]!;
    byStage[stage] ??= [];
    byStage[stage].push({ first, end });
    first = end;
  }
  return byStage;
}

function largestDivisor(n: number, most: number): number {
  for (let d = most; d > 1; d--) if (n % d === 0) return d;
  return 1;
}
