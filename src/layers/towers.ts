import type { ModelSpec, Tower } from '../domain/model.ts';
import { type LayerContext, type Operator, operator } from './operator.ts';
import { vector } from './weight.ts';

export const TOWERS = 'towers';

/** Towers stand with the embedding: their weights, and no more. What they compute depends on images that nobody states. */
export function towerOperators({ model, local }: LayerContext): Operator[] {
  return (model.towers ?? []).flatMap(({ name, weights, trained = true }) => {
    if (weights === null) return [];
    const over = trained ? {} : { trainable: false, bytes: local.elementBytes };
    const each = Array.from({ length: weights.layers }, () => vector(TOWERS, weights.perLayer, over));
    return [
      operator({
        name: `${name}-tower`,
        hostUnits: 0,
        weights: [...each, vector(TOWERS, weights.beside, over)],
      }),
    ];
  });
}

/** null: of a kind that is not known. */
export function towerParameters({ weights }: Tower): number | null {
  return weights === null ? null : weights.layers * weights.perLayer + weights.beside;
}

export function allTowers({ towers = [] }: Pick<ModelSpec, 'towers'>): number {
  return towers.reduce((sum, tower) => sum + (towerParameters(tower) ?? 0), 0);
}
