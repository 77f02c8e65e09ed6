import type { Plan } from './plan.ts';

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
