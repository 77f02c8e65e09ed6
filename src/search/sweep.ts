import type { Problem } from '../domain/problem.ts';
import type { RankedPlan, SearchResult } from '../domain/search-result.ts';
import { searching } from './searching.ts';
import type { Objective } from './space/objective.ts';
import { ALONE, DEFAULT_OPTIONS, type SearchOptions } from './space/options.ts';

/** The plan that comes first within a budget of GPUs or of memory. */
export interface SweepPoint {
  /** Most GPUs, or the share of each GPU's memory that may be used. */
  readonly budget: number;
  readonly plan: RankedPlan | null;
  /** The best by estimate, where that is another: what the budget can reach. */
  readonly fastest?: RankedPlan;
}

/** What a point of a sweep shows. */
type Shown = Pick<SweepPoint, 'plan' | 'fastest'>;

/** How a sweep takes the plan of each point. */
export interface Points {
  /** So many plans beside the best are kept, as far as they tie with it. */
  ties(objective: Objective): number;
  /** A second search that is needed beside the first; null: none. */
  again(problem: Problem, options: SearchOptions, first: SearchResult): SearchOptions | null;
  /** Of a search and what it kept, and of the second one. */
  shown(problem: Problem, options: SearchOptions, first: SearchResult, again: SearchResult | null): Shown;
}

/** The best by estimate. */
export const FASTEST_POINTS: Points = {
  ties: () => 0,
  again: () => null,
  shown: (_, __, { plans: [best] }) => ({ plan: best ?? null }),
};

/** What a point shows of a search. */
export function* shownOf(
  problem: Problem,
  options: SearchOptions,
  first: SearchResult,
  points: Points,
): Generator<void, Shown, void> {
  const asked = points.again(problem, options, first);
  const again = asked === null ? null : (yield* searching(problem, asked)).result;
  return points.shown(problem, options, first, again);
}

/** How the searches of a sweep are asked. */
export function pointOptions(options: Partial<SearchOptions>, points: Points): SearchOptions {
  const whole = { ...DEFAULT_OPTIONS, ...options };
  return { ...whole, ...ALONE, ties: points.ties(whole.objective) };
}

export interface Swept {
  readonly points: readonly SweepPoint[];
  /** What stopped the sweep, and which budgets were not searched to their end; null: none is left. */
  readonly cut: { readonly by: string; readonly left: readonly number[] } | null;
}

/** Where a sweep is: the budget it searches, the share of all that was done before, and what this search is of all. */
export interface SweepStep {
  readonly budget: number;
  readonly share: number;
  readonly part: number;
}

/** A sweep, pausing now and then so that a caller can draw breath. */
export type Sweeping = Generator<SweepStep, Swept, void>;

/** What steps come to, told at each pause as this step of a sweep. */
export function* telling<T>(
  steps: Generator<unknown, T, void>,
  told: SweepStep,
): Generator<SweepStep, T, void> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    yield told;
  }
}

/** Whether a search was stopped by what also stops those after it. */
export function stops(cutBy: string | null): cutBy is string {
  return cutBy !== null && cutBy !== 'max-evaluations';
}

/** A point of a front is faster by this share than all with a smaller budget: what is closer the model cannot tell. */
export const FRONT_STEP = 0.02;

/** Points in order of budget, each clearly faster than all with a smaller one. */
export function front(points: readonly SweepPoint[]): SweepPoint[] {
  const rising = [...points].sort((a, b) => a.budget - b.budget);
  let least = Number.POSITIVE_INFINITY;
  return rising.filter(({ plan }) => {
    if (plan === null) return false;
    const { stepSeconds } = plan.estimate;
    if (stepSeconds >= least * (1 - FRONT_STEP)) return false;
    least = stepSeconds;
    return true;
  });
}
