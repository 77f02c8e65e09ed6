import type { Precision } from './dtype.ts';

/** What is to be trained, apart from the model and the cluster. */
export interface Workload {
  /** Tokens per sequence. */
  readonly sequenceLength: number;
  /** Sequences per optimizer step. */
  readonly globalBatchSize: number;
  readonly precision: Precision;
  /** Id of the optimizer. */
  readonly optimizer: string;
  /** Fraction of a GPU's memory that a plan must leave free. */
  readonly headroom: number;
}
