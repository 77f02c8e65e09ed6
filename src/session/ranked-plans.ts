import type { Plan } from '../domain/plan.ts';
import type { PlacementSummary, RankedPlan, SearchResult } from '../domain/search-result.ts';
import type { SteadyChoice } from '../domain/step-range.ts';
import type { Entry } from '../search/run/entry.ts';
import type { SearchOptions } from '../search/space/options.ts';
import { placed } from './placed.ts';
import { type SearchRequest, searched } from './searched.ts';
import { FINALISTS, type Rank, steadyFirst } from './steady-first.ts';
import { withSoonest } from './with-soonest.ts';

/** What a search found, in the order in which it is told. */
export interface RankedPlans {
  readonly result: SearchResult;
  /** Why the first is not the best by estimate; null: it is. */
  readonly steady: SteadyChoice | null;
  /** The best by estimate, what a cluster can reach. */
  readonly fastest: RankedPlan | undefined;
  readonly placements: ReadonlyMap<Plan, PlacementSummary>;
  readonly refused: readonly Entry[];
}

/** How plans are ranked, by every command that tells some: searched, their nodes ordered by measured links, and of those that tie the steadiest first. */
export async function rankedPlans(
  request: SearchRequest,
  options: SearchOptions,
  rank: Rank,
): Promise<RankedPlans> {
  const { problem } = request;
  const { top, objective } = options;
  const { result: searchedFor, refused } = await searched(request, options);
  const all = rank === 'steady' ? await withSoonest(request, options, searchedFor) : searchedFor;
  const found = placed(problem, all, objective);
  const told = steadyFirst(problem, found.result, { objective, top, rank });
  return { ...told, fastest: found.result.plans[0], placements: found.placements, refused };
}

/** Plans beyond the ones that are printed, for the first to be chosen of: the same ones however many are printed. */
export function tiesKept({ top, objective }: Pick<SearchOptions, 'top' | 'objective'>): number {
  return objective.id === 'memory' ? 0 : Math.max(0, FINALISTS - top);
}
