import type { Problem } from '../domain/problem.ts';
import { searching } from './searching.ts';
import type { SearchOptions } from './space/options.ts';
import {
  FASTEST_POINTS,
  pointOptions,
  type Sweeping,
  type SweepPoint,
  shownOf,
  stops,
  telling,
} from './sweep.ts';

/** A problem with one quantity as it might be, and how to search it. */
export interface Variant {
  readonly problem: Problem;
  readonly options: Partial<SearchOptions>;
}

/** The best plan of each variant; budgets are their numbers. */
export function* byVariant(variants: readonly Variant[], taken = FASTEST_POINTS): Sweeping {
  const points: SweepPoint[] = [];
  const part = 1 / variants.length;
  for (const [budget, { problem, options }] of variants.entries()) {
    const asked = pointOptions(options, taken);
    const told = { budget, share: budget * part, part };
    const { result } = yield* telling(searching(problem, asked), told);
    if (stops(result.certificate.cutBy)) {
      const left = Array.from({ length: variants.length - budget }, (_, i) => budget + i);
      return { points, cut: { by: result.certificate.cutBy, left } };
    }
    const point = yield* telling(shownOf(problem, asked, result, taken), told);
    points.push({ budget, ...point });
  }
  return { points, cut: null };
}
