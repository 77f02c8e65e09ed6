import type { TrainedBytes } from '../domain/stack.ts';
import type { OptimizerOptions } from '../domain/workload.ts';
import type { GemmShape } from '../hardware/gemm.ts';
import type { LocalShape } from '../layers/local-shape.ts';
import type { Weight } from '../layers/weight.ts';

/** Formats that a part of the states may have; where parts differ they stand as `fp8/bf16`. */
interface Option {
  readonly values: readonly string[];
  /** What it is where nothing is said; left out: as the stack has it. */
  readonly usual?: string;
  /** Two values may stand side by side, for the first and the second moment. */
  readonly pair?: boolean;
  /** In a few words, for help and docs. */
  readonly meaning: string;
}

/** Kernels and exchanges that update one matrix whole. */
export interface WholeUpdate {
  /** Matrices of the weight on one GPU. */
  readonly items: number;
  /** Format of the multiplications for one of them, each as often in a step as it says. */
  readonly format: 'bf16' | 'fp32';
  readonly gemms: readonly (GemmShape & { readonly times: number })[];
  /** Between the tensor-parallel ranks that share it, nccl-tests size, as often. */
  readonly exchanges: readonly {
    readonly collective: 'allGather' | 'allReduce';
    readonly bytes: number;
    readonly times: number;
  }[];
}

/** What operation by operation costs beyond one kernel for all of them. */
export interface ForeachUpdate {
  /** Bytes a parameter beside its states, of all that a GPU updates. */
  readonly held: number;
  /** Times the bytes that the one kernel moves. */
  readonly moved: number;
}

/** How an optimizer updates the weights that are trained. A new one is a file here and a line in index.ts. */
export interface Optimizer {
  readonly id: string;
  readonly name: string;
  readonly source: string;
  readonly options: Readonly<Record<string, Option>>;
  /** Bytes of its states for each parameter of a weight, master weights included. */
  stateBytes(weight: Weight, state: TrainedBytes, options: OptimizerOptions): number;
  /** Bytes a parameter that updating one weight takes beside its states; left out: no more than two copies in the format of compute. */
  readonly updateBytes?: number;
  /** An update that is one kernel for each operation, on all weights at once; left out: it has none. */
  readonly foreach?: (state: TrainedBytes) => ForeachUpdate;
  /** Times that a step reads each gradient; left out: once. */
  readonly gradientReads?: number;
  /** Where no matrix is split over the ranks that share out its states: what updating one takes. Left out, or null: split anywhere. */
  whole?(weight: Weight, options: OptimizerOptions, local: LocalShape): WholeUpdate | null;
  /** What its figures take for granted, a line each. */
  readonly assumed?: readonly string[];
}
