import { moduleBytes, statesIn } from '../../domain/stack.ts';
import { isFrozen, localParameters, type Weight } from '../../layers/weight.ts';
import { optimizerOf } from '../../optimizers/index.ts';
import { stepBytes } from '../../optimizers/step-bytes.ts';
import type { Amounts, Parameters, State } from '../../techniques/holding.ts';
import type { StageContext } from '../../techniques/technique.ts';
import { type Unsplit, unsplitOf, unsplitPlus } from './unsplit.ts';

/**
 * What the weights of something come to on one GPU with nothing sharded: parameters, those that are trained (what gradients
 * and updates are for) and those that are frozen, with their bytes; bytes of each state, and HBM bytes of one optimizer step.
 */
export interface Owned extends Readonly<Record<Summed, Parameters>> {
  /** null: states may be split anywhere. */
  readonly unsplit: Unsplit | null;
}

type Summed = keyof Amounts | 'step' | State;

export function ownedBy(weights: readonly Weight[], context: StageContext): Owned {
  const { problem, local, c } = context;
  const { workload, stack } = problem;
  const { optimizerOptions = {} } = workload;
  const state = statesIn(workload, stack.state);
  const optimizer = optimizerOf(workload.optimizer);
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
  const live = weights.filter((weight) => !isFrozen(weight));
  const module = moduleBytes(workload, stack, local.elementBytes);
  const bytes = (weight: Weight) => weight.bytes ?? state.weights;
  const step = (weight: Weight) => stepBytes(optimizer, weight, workload, stack.state, c);
  const states = (weight: Weight) => optimizer.stateBytes(weight, state, optimizerOptions);
  return {
    parameters: over(weights, () => 1),
    trained: over(trained, () => 1),
    frozen: over(frozen, () => 1),
    // As it is gathered: what FSDP casts it casts before that.
    frozenBytes: over(frozen, (weight) => Math.min(bytes(weight), module)),
    liveBytes: over(live, ({ gathered }) => gathered ?? module),
    step: over(trained, step),
    weights: over(weights, bytes),
    gradients: over(trained, () => state.gradients),
    'optimizer states': over(trained, states),
    unsplit: unsplitOf(trained, optimizer, { states, step }, context),
  };
}

/** a + factor · b. */
export function plus(a: Owned, b: Owned, factor = 1): Owned {
  if (a === NOTHING && factor === 1) return b;
  const add = (key: Summed): Parameters => ({
    dense: a[key].dense + factor * b[key].dense,
    expert: a[key].expert + factor * b[key].expert,
  });
  return {
    parameters: add('parameters'),
    trained: add('trained'),
    frozen: add('frozen'),
    frozenBytes: add('frozenBytes'),
    liveBytes: add('liveBytes'),
    step: add('step'),
    weights: add('weights'),
    gradients: add('gradients'),
    'optimizer states': add('optimizer states'),
    unsplit: unsplitPlus(a.unsplit, b.unsplit, factor),
  };
}

const NONE: Parameters = { dense: 0, expert: 0 };

export const NOTHING: Owned = {
  parameters: NONE,
  trained: NONE,
  frozen: NONE,
  frozenBytes: NONE,
  liveBytes: NONE,
  step: NONE,
  weights: NONE,
  gradients: NONE,
  'optimizer states': NONE,
  unsplit: null,
};
