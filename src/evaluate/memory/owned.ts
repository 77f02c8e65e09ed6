import type { Ends } from '../../domain/plan.ts';
import { lastKind } from '../../layers/parameters.ts';
import { localParameters, type Weight } from '../../layers/weight.ts';
import { optimizerOf } from '../../optimizers/index.ts';
import type { Parameters, State } from '../../techniques/holding.ts';
import type { StageContext } from '../../techniques/technique.ts';
import type { StageProfile } from '../stage-profile.ts';
import type { StageContent } from './content.ts';

/**
 * What the weights of something come to on one GPU with nothing sharded: parameters, those that are trained (what gradients
 * and updates are for), bytes of each state, and HBM bytes of one optimizer step.
 */
export type Owned = Readonly<Record<'parameters' | 'trained' | 'step' | State, Parameters>>;

const KEYS = ['parameters', 'trained', 'step', 'weights', 'gradients', 'optimizer states'] as const;

export function ownedBy(weights: readonly Weight[], { problem, local, c }: StageContext): Owned {
  const { state } = problem.stack;
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
  return {
    parameters: over(weights, () => 1),
    trained: over(trained, () => 1),
    step: over(trained, (weight) => optimizer.stepBytes(weight, c)),
    weights: over(weights, () => state.weights),
    gradients: over(trained, () => state.gradients),
    'optimizer states': over(trained, (weight) => optimizer.stateBytes(weight, state)),
  };
}

/** a + factor · b. */
function plus(a: Owned, b: Owned, factor = 1): Owned {
  const add = (key: keyof Owned): Parameters => ({
    dense: a[key].dense + factor * b[key].dense,
    expert: a[key].expert + factor * b[key].expert,
  });
  return Object.fromEntries(KEYS.map((key) => [key, add(key)])) as Owned;
}

const NOTHING = Object.fromEntries(KEYS.map((key) => [key, { dense: 0, expert: 0 }])) as Owned;

/** Embedding and head that a stage holds; a tied head is stored once where the embedding stands on the same stage. */
export function ownedAtEnds({ embedding, head }: StageProfile, ends: Ends): Owned {
  let all = NOTHING;
  if (ends.embedding !== null) all = plus(all, embedding.memory.owned);
  if (ends.head !== null)
    all = plus(all, ends.embedding === null ? head.memory.owned : head.memory.ownedUntied);
  return all;
}

/** What a stage holds beside its layers: ends, and modules that predict further tokens, a layer each and what is beside it. */
export function ownedBeside(profile: StageProfile, ends: Ends): Owned {
  const { model } = profile.context.problem;
  const all = ownedAtEnds(profile, ends);
  if (ends.head === null || model.mtpLayers === 0) return all;
  const layer = profile.layers[0]![lastKind(model)]!.memory.owned;
  return plus(plus(all, layer, model.mtpLayers), profile.prediction.memory.owned, model.mtpLayers);
}

/** All of a stage. */
export function ownedByStage(profile: StageProfile, content: StageContent, ends: Ends): Owned {
  let all = ownedBeside(profile, ends);
  for (const chunk of content)
    for (const [segment, counts] of chunk.entries())
      for (const [kind, count] of counts.entries())
        if (count > 0) all = plus(all, profile.layers[segment]![kind]!.memory.owned, count);
  return all;
}
