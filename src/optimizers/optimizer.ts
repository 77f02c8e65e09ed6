import type { StateBytes } from '../domain/stack.ts';
import type { Coefficients } from '../hardware/coefficients.ts';
import type { Weight } from '../layers/weight.ts';

/** How an optimizer updates the weights that are trained. A new one is a file here and a line in index.ts. */
export interface Optimizer {
  readonly id: string;
  readonly name: string;
  readonly source: string;
  /** Bytes of its states for each parameter of a weight, master weights included. */
  stateBytes(weight: Weight, state: StateBytes): number;
  /** HBM bytes that one step moves for each parameter of a weight that this GPU owns: states, gradient, weights. */
  stepBytes(weight: Weight, c: Coefficients): number;
}
