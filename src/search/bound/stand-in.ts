import type { Problem } from '../../domain/problem.ts';
import { rememberedOf } from '../../units/remembered.ts';
import { kindCounts } from './kind-counts.ts';

/** Layers that stand for all of a model where a bound takes whole ones: as if they were of one kind, each with the least of these. */
export interface StandIn {
  readonly kinds: readonly number[];
  readonly layers: number;
  /** Layers of other kinds, which take nothing. */
  readonly others: number;
}

/** Of a model with nearly all layers of one kind these alone; else all. */
const NEARLY = 0.9;

const known = new WeakMap<Problem, StandIn>();

export function standInOf(problem: Problem): StandIn {
  return rememberedOf(known, problem, () => {
    const counts = kindCounts(problem);
    const layers = problem.model.layers.length;
    const most = Math.max(...counts);
    if (counts.length === 1 || most < NEARLY * layers)
      return { kinds: [...counts.keys()].filter((kind) => counts[kind]! > 0), layers, others: 0 };
    return { kinds: [counts.indexOf(most)], layers: most, others: layers - most };
  });
}

/** By kind of layer something: the least that one of those may have. */
export function leastAmong(byKind: readonly number[], { kinds }: Pick<StandIn, 'kinds'>): number {
  let least = Number.POSITIVE_INFINITY;
  for (const kind of kinds) least = Math.min(least, byKind[kind]!);
  return least;
}
