import type { Problem } from '../../domain/problem.ts';
import { rememberedOf } from '../../units/remembered.ts';

const counted = new WeakMap<Problem, readonly number[]>();

/** Layers of each kind. */
export function kindCounts(problem: Problem): readonly number[] {
  return rememberedOf(counted, problem, () => {
    const counts = new Array<number>(problem.model.kinds.length).fill(0);
    for (const kind of problem.model.layers) counts[kind]! += 1;
    return counts;
  });
}

/** What all layers come to. */
export function overLayers(problem: Problem, ofKind: (kind: number) => number): number {
  return kindCounts(problem).reduce((sum, count, kind) => sum + count * ofKind(kind), 0);
}
