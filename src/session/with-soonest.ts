import type { RankedPlan, SearchResult } from '../domain/search-result.ts';
import { TIE } from '../domain/tie.ts';
import { planText } from '../plan-text/text.ts';
import { tied } from '../search/search.ts';
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
  const { problem } = request;
  const { objective } = options;
  const [cheapest] = result.plans;
  if (objective.id !== 'tokens-per-dollar' || cheapest === undefined || result.certificate.cutBy !== null)
    return result;
  const value = ({ plan, estimate }: RankedPlan) => objective.value(plan, estimate);
  const least = value(cheapest);
  const sooner = await searched(request, {
    ...options,
    ...{ top: 1, ties: FINALISTS - 1, plansAlone: true },
    objective: soonestFor(problem.cluster, objective.prices, least * (1 + TIE)),
    threshold: cheapest.estimate.stepSeconds * (1 + TIE),
  });
  const known = new Set(result.plans.map(({ plan }) => planText(problem, plan)));
  const more = sooner.result.plans.filter(({ plan }) => !known.has(planText(problem, plan)));
  const after = [...result.plans.slice(1), ...more].sort((a, b) => value(a) - value(b));
  const plans = [cheapest, ...after].map((one, i) => ({
    ...one,
    rank: i + 1,
    tiedWithBest: i === 0 || (value(one) >= least && tied(value(one), least, one.estimate)),
  }));
  return { ...result, plans };
}

/** By what a token costs, the soonest of those that tie with the cheapest before all others; `top` of them. */
export function soonestFirst(result: SearchResult, top: number): SearchResult {
  const { plans } = result;
  const ties = plans.filter(({ tiedWithBest, rank }) => tiedWithBest || rank === 1);
  const [first, ...others] = ties;
  if (first === undefined) return result;
  const soonest = others.reduce((a, b) => (b.estimate.stepSeconds < a.estimate.stepSeconds ? b : a), first);
  const order = [soonest, ...plans.filter((one) => one !== soonest)];
  return { ...result, plans: order.slice(0, top).map((one, i) => ({ ...one, rank: i + 1 })) };
}
