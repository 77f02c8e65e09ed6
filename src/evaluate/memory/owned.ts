import { statesIn } from '../../domain/stack.ts';
import { isFrozen, localParameters, type Weight } from '../../layers/weight.ts';
import { optimizerOf } from '../../optimizers/index.ts';
import type { Amounts, Parameters, State } from '../../techniques/holding.ts';
import type { StageContext } from '../../techniques/technique.ts';

/**
 * What the weights of something come to on one GPU with nothing sharded: parameters, those that are trained (what gradients
 * and updates are for) and those that are frozen, with their bytes; bytes of each state, and HBM bytes of one optimizer step.
 */
export type Owned = Readonly<Record<keyof Amounts | 'step' | State, Parameters>>;

export function ownedBy(weights: readonly Weight[], { problem, local, c }: StageContext): Owned {
  const state = statesIn(problem.workload.precision, problem.stack.state);
  const optimizer = optimizerOf(problem.workload.optimizer);
  const over = (list: readonly Weight[], each: (weight: Weight) => number): Parameters => {
    let dense = 0;
    let expert = 0;
    for (const weight of list) {
      const value = each(weight) * localParameters(weight, local);
      if (weight.split === 'expert') expert += value;
      else dense += value;
    }
    return { dense, expert };
  };
  const trained = weights.filter(({ trainable }) => trainable);
  const frozen = weights.filter(isFrozen);
  const bytes = (weight: Weight) => weight.bytes ?? state.weights;
  return {
    parameters: over(weights, () => 1),
    trained: over(trained, () => 1),
    frozen: over(frozen, () => 1),
    frozenBytes: over(frozen, bytes),
    step: over(trained, (weight) => optimizer.stepBytes(weight, c)),
    weights: over(weights, bytes),
    gradients: over(trained, () => state.gradients),
    'optimizer states': over(trained, (weight) => optimizer.stateBytes(weight, state)),
  };
}

/** a + factor · b. */
export function plus(a: Owned, b: Owned, factor = 1): Owned {
  if (a === NOTHING && factor === 1) return b;
  const add = (key: keyof Owned): Parameters => ({
    dense: a[key].dense + factor * b[key].dense,
    expert: a[key].expert + factor * b[key].expert,
  });
  return {
    parameters: add('parameters'),
    trained: add('trained'),
    frozen: add('frozen'),
    frozenBytes: add('frozenBytes'),
    step: add('step'),
    weights: add('weights'),
    gradients: add('gradients'),
    'optimizer states': add('optimizer states'),
  };
}

const NONE: Parameters = { dense: 0, expert: 0 };

export const NOTHING: Owned = {
  parameters: NONE,
  trained: NONE,
  frozen: NONE,
  frozenBytes: NONE,
  step: NONE,
  weights: NONE,
  gradients: NONE,
  'optimizer states': NONE,
};
