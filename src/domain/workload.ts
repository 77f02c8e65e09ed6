import type { BesideModel } from './beside-model.ts';
import type { Precision } from './dtype.ts';
import type { Packing } from './packing.ts';
import type { Routing } from './routing.ts';

/** What is to be trained, apart from the model and the cluster. */
export interface Workload {
  /** Tokens per sequence. */
  readonly sequenceLength: number;
  /** Sequences per optimizer step. */
  readonly globalBatchSize: number;
  readonly precision: Precision;
  /** Id of the optimizer. */
  readonly optimizer: string;
  /** What is said of it beside its id, by the names of its options; left out: all as usual. */
  readonly optimizerOptions?: OptimizerOptions;
  /** Fraction of a GPU's memory that a plan must leave free. */
  readonly headroom: number;
  /** Bytes of each GPU to leave free, where more than that fraction. */
  readonly headroomBytes?: number;
  /** Bytes of each GPU that others than this training hold all the while: an inference engine, a reference model. */
  readonly reservedBytes?: number;
  /** Other models on the same GPUs, each with its phase in the step; left out: none. */
  readonly models?: readonly BesideModel[];
  /** How unevenly tokens go to experts; left out: as routers of the stack are known to. */
  readonly routing?: Routing;
  /** Samples of unlike lengths share sequences; left out: one fills each. */
  readonly packing?: Packing;
}

/** Values as they are typed: `{ moments: 'bf16', master: 'fp16' }`. Each optimizer says which it knows. */
export type OptimizerOptions = Readonly<Record<string, string>>;
