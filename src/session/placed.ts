import type { Problem } from '../domain/problem.ts';
import type { RankedPlan, SearchResult, WhatIf } from '../domain/search-result.ts';
import { estimate } from '../evaluate/estimate.ts';
import { measuredFirst } from '../evaluate/measured/unmeasured.ts';
import { DEFAULT_BUDGET, place } from '../placement/place.ts';
import { tied } from '../search/search.ts';
import type { Objective } from '../search/space/objective.ts';

/** Orders the nodes of every plan by measured links, and ranks again by what the search made small. */
export function placed(
  problem: Problem,
  result: SearchResult,
  objective: Objective,
): { result: SearchResult; placement: WhatIf['placement'] } {
  if (problem.cluster.measured === undefined || result.plans.length === 0) return { result, placement: null };
  const all = result.plans.map((ranked) => {
    const placement = place(problem, ranked.plan);
    const plan = { ...ranked.plan, nodeOrder: placement.order };
    const costed = estimate(problem, plan);
    return {
      placement,
      value: objective.value(plan, costed),
      plan,
      ranked: { ...ranked, plan, estimate: costed },
    };
  });
  all.sort((a, b) => a.value - b.value || a.ranked.estimate.stepSeconds - b.ranked.estimate.stepSeconds);
  const order = measuredFirst(problem, all);
  const [first] = order as [(typeof all)[number]];
  const plans = order.map(
    ({ ranked, value }, i): RankedPlan => ({
      ...ranked,
      rank: i + 1,
      tiedWithBest: value >= first.value && tied(value, first.value, ranked.estimate),
    }),
  );
  const { method, stepSeconds, rankOrderSeconds, greedySeconds, tried } = first.placement;
  return {
    result: { ...result, plans },
    placement: { method, stepSeconds, rankOrderSeconds, greedySeconds, tried, seed: DEFAULT_BUDGET.seed },
  };
}
