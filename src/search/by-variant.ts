import type { Problem } from '../domain/problem.ts';
import { searching } from './searching.ts';
import { ALONE, type SearchOptions } from './space/options.ts';
import { type Sweeping, type SweepPoint, stops, telling } from './sweep.ts';

/** A problem with one quantity as it might be, and how to search it. */
export interface Variant {
  readonly problem: Problem;
  readonly options: Partial<SearchOptions>;
}

/** The best plan of each variant; budgets are their numbers. */
export function* byVariant(variants: readonly Variant[]): Sweeping {
  const points: SweepPoint[] = [];
  const part = 1 / variants.length;
  for (const [budget, { problem, options }] of variants.entries()) {
    const steps = searching(problem, { ...options, ...ALONE });
    const { result } = yield* telling(steps, { budget, share: budget * part, part });
    const { plans, certificate } = result;
    if (stops(certificate.cutBy)) {
      const left = Array.from({ length: variants.length - budget }, (_, i) => budget + i);
      return { points, cut: { by: certificate.cutBy, left } };
    }
    points.push({ budget, plan: plans[0] ?? null });
  }
  return { points, cut: null };
}
