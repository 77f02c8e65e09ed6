import { type StateBytes, statesIn, type TrainedBytes } from '../domain/stack.ts';
import type { OptimizerOptions, Workload } from '../domain/workload.ts';
import type { Coefficients } from '../hardware/coefficients.ts';
import type { Weight } from '../layers/weight.ts';
import type { Optimizer } from './optimizer.ts';

/** Of AdamW with an fp32 master, moments and gradients beside 16-bit weights, for which `optimizerBytes` stands. */
const FITTED = 30;

/**
 * HBM bytes that one step moves for each parameter of a weight that a GPU owns: states there and back, the gradient, weights
 * written. 30 for AdamW in fp32. What clipping and casts move besides is in the fitted figure, in proportion.
 */
export function stepBytes(
  optimizer: Optimizer,
  weight: Weight,
  { precision, optimizerOptions = {} }: Pick<Workload, 'precision' | 'optimizerOptions'>,
  stack: StateBytes,
  c: Coefficients,
): number {
  const own = moved(optimizer, weight, statesIn({ precision, optimizerOptions }, stack), optimizerOptions);
  return (c.optimizerBytes * own) / FITTED;
}

function moved(optimizer: Optimizer, weight: Weight, state: TrainedBytes, options: OptimizerOptions): number {
  const { gradientReads = 1 } = optimizer;
  // Without a master the weights are read too.
  const weights = state.master > 0 ? state.weights : 2 * state.weights;
  // What a step holds beside its states it writes and reads again.
  const between = 2 * (optimizer.updateBytes ?? 0);
  return (
    2 * optimizer.stateBytes(weight, state, options) + gradientReads * state.gradients + weights + between
  );
}
