import type { ParallelDims } from './parallel-dims.ts';

/**
 * A plan says which GPU does what. The homogeneous plan (one pipeline, equal stages) is the special case in which
 * everything looks alike; mixed GPUs, uneven layers, unequal shares and pipelines of different depth are the same type.
 */
export interface Plan {
  /** Data-parallel pipelines that differ in depth, shape or layer cut. Pipelines that are alike are one, with replicas. */
  readonly pipelines: readonly Pipeline[];
  readonly dims: SharedDims;
  /** Id of the pipeline schedule. */
  readonly schedule: string;
  readonly techniques: Techniques;
  /** Node numbers (over all groups, in the cluster's order) by rank order; null: the cluster's own order. */
  readonly nodeOrder: readonly number[] | null;
}

/** Degrees that all stages of all pipelines share. `dpReplicate`: sets of sharded states; 1 where nothing is sharded. */
type SharedDims = Pick<ParallelDims, 'cp' | 'ep' | 'etp' | 'vpp' | 'dpReplicate'>;

/** Values by id of technique; what is left out is off. The module of src/techniques with that id knows what a value says. */
export type Techniques = Readonly<Record<string, unknown>>;

export interface Pipeline {
  /** In pipeline order. */
  readonly stages: readonly Stage[];
  /** Micro-batches that flow through this pipeline in one step, over all its replicas. */
  readonly microBatches: number;
}

export interface Stage {
  /** Contiguous layer ranges; more than one when the stage holds several virtual stages. */
  readonly chunks: readonly LayerRange[];
  /** Sequences in one micro-batch of this stage: one with half as many copies as its neighbour takes twice as many. */
  readonly microBatchSize: number;
  /** The data-parallel copies of this stage, in rank order: runs of copies that are alike. */
  readonly replicas: readonly ReplicaBlock[];
}

/** Layers first … end-1; none where a chunk has an end of the model only. */
export interface LayerRange {
  readonly first: number;
  readonly end: number;
}

/** `count` equal copies on consecutive devices; each copy takes tp × cp devices. */
export interface ReplicaBlock {
  readonly count: number;
  /** Index of the node group. */
  readonly group: number;
  /** First device of the first copy, in rank order. */
  readonly firstDevice: number;
  readonly tp: number;
  /** Micro-batches each copy processes in one step. */
  readonly microBatches: number;
  /** Sequences in one of them, where not as many as the stage says. */
  readonly microBatchSize?: number;
  /** Of the stage's sharded states each copy keeps so many parts, where the others keep theirs; left out: one. */
  readonly stateParts?: number;
}

/** Which of a stage's own chunks holds an end of the model; null: none. */
export interface Ends {
  readonly embedding: number | null;
  readonly head: number | null;
}

export function replicasOf({ replicas }: Stage): number {
  const known = counted.get(replicas);
  if (known !== undefined) return known;
  const sum = replicas.reduce((all, block) => all + block.count, 0);
  if (replicas.length > FEW) counted.set(replicas, sum);
  return sum;
}

/** Copies in hundreds of blocks, each of which is asked how many there are. */
const counted = new WeakMap<Stage['replicas'], number>();
const FEW = 8;

export function layersOf(stage: Stage): number {
  return stage.chunks.reduce((sum, chunk) => sum + chunk.end - chunk.first, 0);
}

/** Sequences of one micro-batch of the first stage: of all, in all but plans of unlike meshes. */
export function microBatchSizeOf({ pipelines }: Plan): number {
  return pipelines[0]!.stages[0]!.microBatchSize;
}

/** Sequences of one micro-batch of some copies of a stage. */
export function microBatchSizeIn(stage: Stage, { microBatchSize }: ReplicaBlock): number {
  return microBatchSize ?? stage.microBatchSize;
}

/** Sequences that a stage works through in one step. */
export function sequencesOf(stage: Stage): number {
  return stage.replicas.reduce(
    (sum, block) => sum + block.count * block.microBatches * microBatchSizeIn(stage, block),
    0,
  );
}

/** The share of a stage's sharded states that each copy of a block keeps; null: all copies keep as much. */
export function stateShareOf({ replicas }: Stage, { stateParts = 1 }: ReplicaBlock): number | null {
  if (replicas.every((one) => (one.stateParts ?? 1) === stateParts)) return null;
  const all = replicas.reduce((sum, one) => sum + one.count * (one.stateParts ?? 1), 0);
  return stateParts / all;
}

export function devicesOf({ pipelines, dims }: Plan): number {
  let devices = 0;
  for (const { stages } of pipelines)
    for (const { replicas } of stages) for (const { count, tp } of replicas) devices += count * tp * dims.cp;
  return devices;
}

/** GPUs of each node group in use, by index. */
export function devicesByGroup({ pipelines, dims }: Plan): Map<number, number> {
  const used = new Map<number, number>();
  for (const { stages } of pipelines)
    for (const { replicas } of stages)
      for (const { group, count, tp } of replicas)
        used.set(group, (used.get(group) ?? 0) + count * tp * dims.cp);
  return new Map([...used].sort(([a], [b]) => a - b));
}

/** Node groups that a plan uses, by index, each once, in the order of its pipelines. */
export function groupsOf({ pipelines }: Plan): number[] {
  const all = pipelines.flatMap(({ stages }) => stages.flatMap(({ replicas }) => replicas));
  return [...new Set(all.map(({ group }) => group))];
}

/** Data-parallel size over all pipelines: copies of the first stage of each. */
export function dataParallelOf(plan: Plan): number {
  return plan.pipelines.reduce((sum, { stages }) => sum + replicasOf(stages[0]!), 0);
}

/** Degrees of a stage, on the copies of one block. */
export function dimsOf(plan: Plan, stages: number, stage: Stage, { tp }: ReplicaBlock): ParallelDims {
  const dpShard = Math.max(1, Math.floor(replicasOf(stage) / plan.dims.dpReplicate));
  const { cp, dpReplicate, ep, etp, vpp } = plan.dims;
  return { tp, cp, pp: stages, dpReplicate, dpShard, ep, etp, vpp };
}
