import { besideName } from '../domain/beside-model.ts';
import type { Problem } from '../domain/problem.ts';

/** What is taken of models beside the trained one, in words. */
export function besideTold({ workload: { models = [] } }: Problem): string[] {
  if (models.length === 0) return [];
  return [
    ...models.map(
      (one) =>
        `${besideName(one)}: ${one.trained ? 'trained' : 'frozen'}, ${one.precision}, ${one.whole ? 'whole on each GPU' : 'split as the plan splits the trained model, layers evenly'}, ${one.offloaded ? 'in host memory but for its phase' : 'resident'}`,
    ),
    'models beside: on the sequences of the batch, one phase after the other; generation of answers is not counted (--reserve for its engine)',
  ];
}
