/**
 * A plan says which GPU does what. The homogeneous plan (one pipeline, equal stages) is the special case in which
 * everything looks alike; mixed GPUs, uneven layers, unequal shares and pipelines of different depth are the same type.
 */
export interface Plan {
  /** Data-parallel pipelines that differ in depth, shape or layer cut. Pipelines that are alike are one, with replicas. */
  readonly pipelines: readonly Pipeline[];
  readonly schedule: ScheduleChoice;
  /** Sequences in one micro-batch. */
  readonly microBatchSize: number;
  readonly contextParallel: number;
  readonly expertParallel: number;
  /** Tensor-parallel degree inside one expert. */
  readonly expertTensorParallel: number;
  readonly sequenceParallel: boolean;
  readonly recompute: Recompute;
  readonly optimizerSharding: OptimizerSharding;
  /** GPUs that share one set of sharded states; null: the whole data-parallel (× context-parallel) group. */
  readonly shardGroup: number | null;
  /** Node numbers (over all groups, in the cluster's order) by rank order; null: the cluster's own order. */
  readonly nodeOrder: readonly number[] | null;
}

export interface Pipeline {
  /** In pipeline order. */
  readonly stages: readonly Stage[];
  /** Micro-batches that flow through this pipeline in one step, over all its replicas. */
  readonly microBatches: number;
}

export interface Stage {
  /** Contiguous layer ranges; more than one when the stage holds several virtual stages. */
  readonly chunks: readonly LayerRange[];
  /** The data-parallel copies of this stage, in rank order: runs of copies that are alike. */
  readonly replicas: readonly ReplicaBlock[];
}

/** Layers first … end-1. */
export interface LayerRange {
  readonly first: number;
  readonly end: number;
}

/** `count` equal copies on consecutive devices; each copy takes tensorParallel × contextParallel devices. */
export interface ReplicaBlock {
  readonly count: number;
  /** Index of the node group. */
  readonly group: number;
  /** First device of the first copy, in rank order. */
  readonly firstDevice: number;
  readonly tensorParallel: number;
  /** Micro-batches each copy processes in one step. */
  readonly microBatches: number;
}

export const SCHEDULES = [
  'gpipe',
  '1f1b',
  'interleaved-1f1b',
  'breadth-first',
  'zb-h1',
  'zb-h2',
  'zb-v',
  'v-half',
  'v-min',
  'dualpipe',
  'dualpipe-v',
] as const;
export type ScheduleId = (typeof SCHEDULES)[number];

interface ScheduleChoice {
  readonly id: ScheduleId;
  /** Model chunks per stage. */
  readonly virtualStages: number;
  /** The vocabulary split over all stages instead of on the two ends (arXiv 2411.05288); absent: on the ends. */
  readonly vocabulary?: VocabularySplit;
}

/** Vocabulary parallelism by the paper's algorithms 1 and 2, or its interlaced, synchronous predecessor. */
export const VOCABULARY_SPLITS = ['vocab-1', 'vocab-2', 'interlaced'] as const;
export type VocabularySplit = (typeof VOCABULARY_SPLITS)[number];

export const RECOMPUTE_MODULES = [
  'core_attn',
  'moe_act',
  'layernorm',
  'mla_up_proj',
  'mlp',
  'moe',
  'shared_experts',
  'op',
] as const;
export type RecomputeModule = (typeof RECOMPUTE_MODULES)[number];

export const RECOMPUTE_MODES = ['none', 'selective', 'full'] as const;

export interface Recompute {
  readonly mode: (typeof RECOMPUTE_MODES)[number];
  /** What `selective` recomputes; empty otherwise. */
  readonly modules: readonly RecomputeModule[];
  /** `full` only: layers per stage to recompute; null: all of them. */
  readonly layersPerStage: number | null;
}

/** ZeRO stages: 0 nothing sharded, 1 optimizer states, 2 and gradients, 3 and parameters. */
export const OPTIMIZER_SHARDINGS = [0, 1, 2, 3] as const;
export type OptimizerSharding = (typeof OPTIMIZER_SHARDINGS)[number];

export function replicasOf(stage: Stage): number {
  return stage.replicas.reduce((sum, block) => sum + block.count, 0);
}

export function layersOf(stage: Stage): number {
  return stage.chunks.reduce((sum, chunk) => sum + chunk.end - chunk.first, 0);
}

export interface Ends {
  /** Which of a stage's own chunks holds that end; null: none. */
  readonly embedding: number | null;
  readonly head: number | null;
}

/**
 * By stage: the chunks that hold the embedding and the head. They are the first and the last in layer order, even if they
 * have no layers; under vocabulary parallelism every stage has part of both.
 */
export function endsOf(plan: Plan, { stages }: Pipeline): readonly Ends[] {
  if (plan.schedule.vocabulary !== undefined)
    return stages.map(({ chunks }) => ({ embedding: 0, head: chunks.length - 1 }));
  let first = { at: { first: 0, end: 0 }, stage: -1, chunk: 0 };
  let last = first;
  for (const [stage, { chunks }] of stages.entries()) {
    for (const [chunk, at] of chunks.entries()) {
      const here = { at, stage, chunk };
      if (first.stage < 0 || at.end < first.at.end || (at.end === first.at.end && at.first < first.at.first))
        first = here;
      if (last.stage < 0 || at.first > last.at.first || (at.first === last.at.first && at.end > last.at.end))
        last = here;
    }
  }
  return stages.map((_, stage) => ({
    embedding: first.stage === stage ? first.chunk : null,
    head: last.stage === stage ? last.chunk : null,
  }));
}

export function devicesOf(plan: Plan): number {
  let devices = 0;
  for (const pipeline of plan.pipelines) {
    for (const stage of pipeline.stages) {
      for (const block of stage.replicas)
        devices += block.count * block.tensorParallel * plan.contextParallel;
    }
  }
  return devices;
}

/** Data-parallel size over all pipelines: copies of the first stage of each. */
export function dataParallelOf(plan: Plan): number {
  return plan.pipelines.reduce((sum, pipeline) => sum + replicasOf(pipeline.stages[0] as Stage), 0);
}
