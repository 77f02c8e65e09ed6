import type { Plan } from './plan.ts';

/**
 * What one micro-batch costs on one GPU of a stage, layer kind by layer kind: all that a stage cut needs to know.
 * Computed once for each distinct (GPU, tensor, context, expert parallelism, micro-batch, recompute, sharding).
 */
export interface StageCosts {
  /** By layer kind index. */
  readonly layers: readonly LayerCost[];
  readonly embedding: LayerCost;
  /** Final norm, LM head and loss. */
  readonly head: LayerCost;
  /** Send and receive of one boundary activation that compute does not hide, seconds. */
  readonly boundarySeconds: number;
  /** One micro-batch's activation to the next stage, bytes of one GPU; share of its time that blocks a stage. */
  readonly boundaryBytes: number;
  readonly exposedShare: number;
  /** Bytes that do not depend on the layer count: context, communicators, workspace, widest transient. */
  readonly fixedBytes: number;
  /** GPU memory less headroom. */
  readonly limitBytes: number;
}

export interface LayerCost {
  readonly forwardSeconds: number;
  /** Backward of inputs and weights, and recomputation. */
  readonly backwardSeconds: number;
  /** Part of backwardSeconds that zero-bubble schedules may move (weight gradients). */
  readonly weightGradSeconds: number;
  /** Weights, gradients, optimizer states on this GPU. */
  readonly residentBytes: number;
  /** Saved for backward, for each micro-batch in flight. */
  readonly activationBytes: number;
}

/** The shape of one replica of a stage, and how many there are. */
export interface Shape {
  readonly group: number;
  readonly tensorParallel: number;
  readonly dataParallel: number;
}

/** What the whole plan shares. */
export type Settings = Pick<
  Plan,
  | 'schedule'
  | 'microBatchSize'
  | 'contextParallel'
  | 'expertParallel'
  | 'expertTensorParallel'
  | 'sequenceParallel'
  | 'recompute'
  | 'optimizerSharding'
  | 'shardGroup'
> & {
  /** Stages that the vocabulary is split over. */
  readonly vocabularyShards: number;
};
