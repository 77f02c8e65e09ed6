import type { Problem } from '../domain/problem.ts';
import { statesIn } from '../domain/stack.ts';
import { weightsByPlace } from '../layers/parameters.ts';
import { parametersOf, type Weight } from '../layers/weight.ts';
import { optimizerOf } from '../optimizers/index.ts';

/** What a rank goes on from: weights, and masters and moments of those that are trained. */
export const KEPT = ['weights', 'states'] as const;
export const OF = ['dense', 'expert'] as const;

/** Bytes of a part of the model, whole. */
type PartBytes = Readonly<Record<(typeof OF)[number], Readonly<Record<(typeof KEPT)[number], number>>>>;

export interface ModelBytes {
  /** By kind of layer. */
  readonly kinds: readonly PartBytes[];
  readonly embedding: PartBytes;
  readonly head: PartBytes;
}

export function modelBytes({ model, workload, stack }: Problem): ModelBytes {
  const state = statesIn(workload, stack.state);
  const { stateBytes } = optimizerOf(workload.optimizer);
  const { optimizerOptions = {} } = workload;
  const each = (weight: Weight) => ({
    weights: weight.bytes ?? state.weights,
    states: weight.trainable ? stateBytes(weight, state, optimizerOptions) : 0,
  });
  const bytesOf = (weights: readonly Weight[]): PartBytes => {
    const sum = {
      dense: { weights: 0, states: 0 },
      expert: { weights: 0, states: 0 },
    };
    for (const weight of weights) {
      if (weight.tied) continue;
      const into = sum[weight.split === 'expert' ? 'expert' : 'dense'];
      const bytes = each(weight);
      for (const key of KEPT) into[key] += parametersOf(weight) * bytes[key];
    }
    return sum;
  };
  const { kinds, embedding, head } = weightsByPlace(model);
  return { kinds: kinds.map(bytesOf), embedding: bytesOf(embedding), head: bytesOf(head) };
}
