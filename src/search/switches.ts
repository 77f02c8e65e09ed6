import type { ModelSpec } from '../domain/model.ts';
import type { OptimizerSharding, Recompute, ScheduleId } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { isMoe } from '../layers/layer.ts';
import { divisors, type Frame } from './layouts.ts';
import type { SearchOptions } from './options.ts';

/** The rest of a plan, once its devices are arranged. */
export interface Switches {
  readonly microBatch: number;
  readonly virtualStages: number;
  readonly recompute: Recompute;
  /** Full recomputation on only as many layers of each stage as memory asks for. */
  readonly fewestLayers: boolean;
  readonly schedule: ScheduleId;
  readonly sharding: OptimizerSharding;
}

export const NO_RECOMPUTE: Recompute = { mode: 'none', modules: [], layersPerStage: null };
export const FULL_RECOMPUTE: Recompute = { mode: 'full', modules: [], layersPerStage: null };
const MOST_MICRO_BATCH = 16;
const MOST_VIRTUAL = 8;

export function switches(problem: Problem, layout: Frame, options: SearchOptions): Switches[] {
  const perReplica = problem.workload.globalBatchSize / layout.dp;
  const { fix, max } = options;
  const asked = fix.schedule ?? (layout.pp > 1 ? options.launcher?.schedule : undefined);
  const within = (name: 'micro-batch' | 'vpp' | 'sharding', value: number) =>
    (fix[name] === undefined || fix[name] === value) && value <= (max[name] ?? Number.POSITIVE_INFINITY);
  const microBatches = divisors(perReplica).filter(
    (b) => (b <= MOST_MICRO_BATCH || b === fix['micro-batch']) && within('micro-batch', b),
  );
  const virtual = virtualStages(problem.model, layout, asked).filter((v) => within('vpp', v));
  const recomputes = recomputeChoices(problem).filter(
    (r) => fix.recompute === undefined || r.mode === fix.recompute,
  );
  const shardings = shardingChoices(problem, layout, fix.sharding).filter((s) => within('sharding', s));
  return microBatches.flatMap((microBatch) =>
    virtual.flatMap((v) =>
      recomputes.flatMap((recompute) =>
        (recompute.mode === 'full' && v === 1 && fix.recompute === undefined
          ? [false, true]
          : [false]
        ).flatMap((fewestLayers) =>
          shardings.map((sharding) => ({
            microBatch,
            virtualStages: v,
            schedule: scheduleFor(v, asked),
            recompute,
            fewestLayers,
            sharding,
          })),
        ),
      ),
    ),
  );
}

/** How many switches a frame has; frames that are alike in all that switches depend on are counted once. */
export function switchCounts(problem: Problem, options: SearchOptions): (frame: Frame) => number {
  const known = new Map<string, number>();
  return (frame) => {
    const key = `${frame.family}|${frame.dp}|${frame.pp}|${frame.cp * frame.dp === 1}`;
    let count = known.get(key);
    if (count === undefined) {
      count = switches(problem, frame, options).length;
      known.set(key, count);
    }
    return count;
  };
}

/** Selective recomputation names what is worth it: the softmax of unfused attention, else the cheap activations. */
export function selectiveRecompute(problem: Problem): Recompute {
  if (problem.stack.attentionKernel === 'unfused')
    return { mode: 'selective', modules: ['core_attn'], layersPerStage: null };
  if (problem.stack.fullySharded) return { mode: 'selective', modules: ['op'], layersPerStage: null };
  const modules = isMoe(problem.model)
    ? (['layernorm', 'moe_act'] as const)
    : (['layernorm', 'mlp'] as const);
  return { mode: 'selective', modules, layersPerStage: null };
}

function recomputeChoices(problem: Problem): Recompute[] {
  return [NO_RECOMPUTE, selectiveRecompute(problem), FULL_RECOMPUTE];
}

/**
 * Chunks per stage. Like stages: for which every chunk can hold equally many layers, the ends counted as Megatron counts
 * them. Unlike ones: each stage's own layers are dealt over its chunks.
 */
function virtualStages(model: ModelSpec, { pp, family }: Frame, asked?: ScheduleId): number[] {
  if (pp < 2) return asked === undefined || asked === '1f1b' ? [1] : [];
  if (asked !== undefined && FOLDED.has(asked)) return 2 * pp <= model.layers.length ? [2] : [];
  if (asked !== undefined && !LOOPED.has(asked)) return [1];
  if (family !== 'uniform') return [1, 2, 4].filter((v) => pp * v <= model.layers.length);
  const layers = model.layers.length;
  const list = [1];
  for (let v = 2; v <= MOST_VIRTUAL && pp * v <= layers; v++) {
    if ([layers, layers + 1, layers + 2].some((n) => n % (pp * v) === 0)) list.push(v);
  }
  return list;
}

/** Schedules with two folded chunks a stage, and those with any number of looped ones. */
const FOLDED: ReadonlySet<ScheduleId> = new Set(['zb-v', 'v-half', 'v-min', 'dualpipe-v']);
const LOOPED: ReadonlySet<ScheduleId> = new Set(['interleaved-1f1b', 'breadth-first']);

function scheduleFor(virtual: number, asked: ScheduleId | undefined): ScheduleId {
  if (asked !== undefined) return asked;
  return virtual > 1 ? 'interleaved-1f1b' : '1f1b';
}

/**
 * Without replicas there is nothing to shard. In a pipeline gradients sharded between micro-batches only cost time: tried
 * where they are asked for.
 */
function shardingChoices({ stack }: Problem, { dp, cp, pp }: Frame, asked?: number): OptimizerSharding[] {
  if (dp * cp === 1) return [0];
  if (asked === 2 || asked === 3) return [asked];
  if (stack.fullySharded) return [3];
  return pp > 1 ? [0, 1] : [0, 1, 2, 3];
}
