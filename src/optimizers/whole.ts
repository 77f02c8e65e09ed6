import type { LocalShape } from '../layers/local-shape.ts';
import { localParameters, type Weight } from '../layers/weight.ts';
import type { WholeUpdate } from './optimizer.ts';

/** A matrix of a layer: no embedding, head, norm or bias. */
export function isInnerMatrix({ role, columns, elementWise }: Weight): boolean {
  return role === 'matrix' && columns > 1 && !elementWise;
}

/** GPUs that each matrix of a weight is divided over. */
export function ranksOf({ split }: Weight, local: LocalShape): number {
  if (split === 'tensor') return local.tensorParallel;
  return split === 'expert' ? local.expertTensorParallel : 1;
}

/** Equal matrices of a weight on one GPU, and the columns of each on all: query, key and value are apart, and so are experts. */
export function matricesOf(weight: Weight, local: LocalShape): { items: number; columns: number } {
  const { count, columns, targets, split } = weight;
  const beside = Math.max(1, targets.length);
  const here = split === 'expert' ? count / local.expertParallel : count;
  return { items: here * beside, columns: columns / beside };
}

/** A weight that is updated element by element, though no rank has a part of it. */
export function unsplit(weight: Weight, local: LocalShape): WholeUpdate {
  const items = isInnerMatrix(weight) ? matricesOf(weight, local).items : 1;
  return {
    items: localParameters(weight, local) === 0 ? 0 : items,
    format: 'bf16',
    gemms: [],
    exchanges: [],
  };
}
