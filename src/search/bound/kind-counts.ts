import type { Problem } from '../../domain/problem.ts';
import { layersByKind } from '../../evaluate/layers-by-kind.ts';

/** Layers of each kind. */
export function kindCounts({ model }: Problem): readonly number[] {
  return layersByKind(model);
}

/** What all layers come to. */
export function overLayers(problem: Problem, ofKind: (kind: number) => number): number {
  return kindCounts(problem).reduce((sum, count, kind) => sum + count * ofKind(kind), 0);
}
