import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { PlacementSummary, RankedPlan, SearchResult } from '../domain/search-result.ts';
import { estimate } from '../evaluate/estimate.ts';
import { measuredFirst } from '../evaluate/measured/unmeasured.ts';
import { DEFAULT_BUDGET, place } from '../placement/place.ts';
import { tied } from '../search/search.ts';
import type { Objective } from '../search/space/objective.ts';

/** Orders the nodes of every plan by measured links, and ranks again by what the search made small. `placements`: what each order brought its plan. */
export function placed(
  problem: Problem,
  result: SearchResult,
  objective: Objective,
): { readonly result: SearchResult; readonly placements: ReadonlyMap<Plan, PlacementSummary> } {
  if (problem.cluster.measured === undefined) return { result, placements: new Map() };
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
  const [first] = order;
  const plans = order.map(
    ({ ranked, value }, i): RankedPlan => ({
      ...ranked,
      rank: i + 1,
      tiedWithBest: value >= first!.value && tied(value, first!.value, ranked.estimate),
    }),
  );
  const placements = all.map(({ plan, placement }): [Plan, PlacementSummary] => {
    const { method, stepSeconds, rankOrderSeconds, greedySeconds, tried } = placement;
    const { seed } = DEFAULT_BUDGET;
    return [plan, { method, stepSeconds, rankOrderSeconds, greedySeconds, tried, seed }];
  });
  return { result: { ...result, plans }, placements: new Map(placements) };
}
