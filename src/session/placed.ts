import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { PlacementSummary, SearchResult } from '../domain/search-result.ts';
import { estimate } from '../evaluate/estimate.ts';
import { DEFAULT_BUDGET, place } from '../placement/place.ts';
import { rankedAnew } from '../search/ranked-anew.ts';
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
    return { placement, ranked: { ...ranked, plan, estimate: estimate(problem, plan) } };
  });
  const plans = rankedAnew(
    problem,
    all.map(({ ranked }) => ranked),
    objective,
  );
  const placements = all.map(({ ranked: { plan }, placement }): [Plan, PlacementSummary] => {
    const { method, stepSeconds, rankOrderSeconds, greedySeconds, tried } = placement;
    const { seed } = DEFAULT_BUDGET;
    return [plan, { method, stepSeconds, rankOrderSeconds, greedySeconds, tried, seed }];
  });
  return { result: { ...result, plans }, placements: new Map(placements) };
}
