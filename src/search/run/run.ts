import type { Outline } from '../../domain/legality.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import type { CostBook } from '../bound/cost-book.ts';
import type { SearchOptions } from '../space/options.ts';
import { type Evaluated, worstOf } from './kept.ts';
import type { Miss } from './misses.ts';
import { Tally } from './tally.ts';

/** What one search accumulates. */
export interface Run {
  readonly problem: Problem;
  readonly options: SearchOptions;
  readonly book: CostBook;
  readonly tally: Tally;
  readonly misses: Miss[];
  readonly kept: Evaluated[];
  boundedAway: number;
  evaluated: number;
  /** Not looked at: the search was stopped before. */
  left: number;
  /** Configurations whose stage cut is not known to be the best, and the least value that any of them may have. */
  unproven: Unproven;
  /** Whether the launcher refused something: without it there may be better. */
  refused: boolean;
}

export interface Unproven {
  readonly count: number;
  readonly bound: number;
}

export function newRun(problem: Problem, options: SearchOptions, book: CostBook): Run {
  return {
    problem,
    options,
    book,
    tally: new Tally(),
    misses: [],
    kept: [],
    boundedAway: 0,
    evaluated: 0,
    left: 0,
    unproven: { count: 0, bound: Number.POSITIVE_INFINITY },
    refused: false,
  };
}

export function joined(a: Unproven, b: Unproven): Unproven {
  return { count: a.count + b.count, bound: Math.min(a.bound, b.bound) };
}

/** Why the launcher runs no plan of an outline, none however its layers are cut, or not this plan. */
export function refusal(
  run: Run,
  one: { readonly outline: Outline } | { readonly uncut: Plan } | { readonly plan: Plan },
): Reason | null {
  const { problem, options } = run;
  const { launcher } = options;
  let reason: Reason | null | undefined;
  if ('outline' in one) reason = launcher?.refuses?.(problem, one.outline);
  else if ('uncut' in one) reason = launcher?.refusesUncut?.(problem, one.uncut);
  else reason = launcher?.reject(problem, one.plan);
  if (reason) run.refused = true;
  return reason ?? null;
}

export function worstKept({ kept, options }: Run): number {
  if (options.exhaustive) return Number.POSITIVE_INFINITY;
  // A plan as good as a warm start's worst must still be found: bounds equal to it are opened.
  const warm = options.threshold * (1 + 1e-9);
  return Math.min(worstOf(kept, options), warm);
}
