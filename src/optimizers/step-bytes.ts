import { type StateBytes, statesIn, type TrainedBytes } from '../domain/stack.ts';
import type { OptimizerOptions, Workload } from '../domain/workload.ts';
import type { Coefficients } from '../hardware/coefficients.ts';
import type { Weight } from '../layers/weight.ts';
import { adamw } from './adamw.ts';
import type { Optimizer } from './optimizer.ts';

/**
 * HBM bytes that one step moves for each parameter of a weight that a GPU owns: states there and back, the gradient, weights
 * written. 30 for AdamW in fp32. What clipping and casts move besides is in the fitted figure of AdamW as the stack has it.
 */
export function stepBytes(
  optimizer: Optimizer,
  weight: Weight,
  { precision, optimizerOptions = {} }: Pick<Workload, 'precision' | 'optimizerOptions'>,
  stack: StateBytes,
  c: Coefficients,
): number {
  const own = moved(optimizer, weight, statesIn({ precision, optimizerOptions }, stack), optimizerOptions);
  const usual = moved(adamw, weight, statesIn({ precision }, stack), {});
  return (c.optimizerBytes * own) / usual;
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
