import type { Problem } from '../domain/problem.ts';
import type { RankedPlan, SearchResult } from '../domain/search-result.ts';
import { TIE } from '../domain/tie.ts';
import { planText } from '../plan-text/text.ts';
import { tied } from '../search/ranked-anew.ts';
import { soonestFor } from '../search/space/objective.ts';
import type { SearchOptions } from '../search/space/options.ts';
import { type SearchRequest, searched } from './searched.ts';
import { FINALISTS } from './steady-first.ts';

/**
 * By what a token costs: with the soonest of the plans that are as cheap as the cheapest, which may be many more than are kept. They follow
 * by what they cost.
 */
export async function withSoonest(
  request: SearchRequest,
  options: SearchOptions,
  result: SearchResult,
): Promise<SearchResult> {
  const asked = soonestAsked(request.problem, options, result);
  if (asked === null) return result;
  return joined(request.problem, options, result, (await searched(request, asked)).result);
}

/** How the soonest are searched for; null where there is no need to. */
export function soonestAsked(
  { cluster }: Problem,
  options: SearchOptions,
  { plans: [cheapest], certificate }: SearchResult,
): SearchOptions | null {
  const { objective } = options;
  if (objective.id !== 'tokens-per-dollar' || cheapest === undefined || certificate.cutBy !== null)
    return null;
  const { plan, estimate } = cheapest;
  return {
    ...options,
    ...{ top: 1, ties: FINALISTS - 1, plansAlone: true },
    objective: soonestFor(cluster, objective.prices, objective.value(plan, estimate) * (1 + TIE)),
    threshold: estimate.stepSeconds * (1 + TIE),
  };
}

/** The soonest among those that were kept for what they cost. */
export function joined(
  problem: Problem,
  { objective }: Pick<SearchOptions, 'objective'>,
  result: SearchResult,
  sooner: SearchResult,
): SearchResult {
  const value = ({ plan, estimate }: RankedPlan) => objective.value(plan, estimate);
  const [cheapest, ...others] = result.plans;
  const least = value(cheapest!);
  const known = new Set(result.plans.map(({ plan }) => planText(problem, plan)));
  const more = sooner.plans.filter(({ plan }) => !known.has(planText(problem, plan)));
  const after = [...others, ...more].sort((a, b) => value(a) - value(b));
  const plans = [cheapest!, ...after].map((one, i) => ({
    ...one,
    rank: i + 1,
    tiedWithBest: i === 0 || (value(one) >= least && tied(value(one), least, one.estimate)),
  }));
  return { ...result, plans };
}
