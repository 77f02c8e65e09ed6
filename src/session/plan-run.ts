import type { PlanFile } from '../catalogue/plan-file.ts';
import type { SearchResult, WhatIf } from '../domain/search-result.ts';
import { DEFAULT_OPTIONS, type SearchOptions } from '../search/space/options.ts';
import { rankedPlans, tiesKept } from './ranked-plans.ts';
import type { SearchRequest } from './searched.ts';
import type { Rank } from './steady-first.ts';
import { warmThreshold } from './warm-start.ts';
import { whatIf } from './what-if.ts';

/** What a search found, and what stands beside it. */
export interface PlanOutcome {
  readonly result: SearchResult;
  readonly beside: WhatIf;
}

/** Where outcomes of searches that ended by themselves are kept. */
interface OutcomeCache {
  read(): PlanOutcome | undefined;
  write(outcome: PlanOutcome): void;
}

export interface PlanRequest extends SearchRequest {
  /** How to search; left out: as DEFAULT_OPTIONS has it. */
  readonly options?: Partial<Omit<SearchOptions, 'threshold' | 'ties'>>;
  /** Which of the plans that the model cannot tell apart comes first; left out: the steady one. */
  readonly rank?: Rank;
  /** Plans of an earlier run: less work, the same plans. */
  readonly warmStart?: PlanFile;
  readonly cache?: OutcomeCache;
}

/** The best plans for a problem, their nodes ordered by measured links, and what else the user should know. */
export async function planRun(request: PlanRequest): Promise<PlanOutcome> {
  const known = request.cache?.read();
  if (known !== undefined) return known;
  const { problem, warmStart } = request;
  const plain = { ...DEFAULT_OPTIONS, ...request.options };
  const kept = { ...plain, ties: tiesKept(plain) };
  const threshold =
    warmStart === undefined ? Number.POSITIVE_INFINITY : warmThreshold(warmStart, problem, kept);
  const options: SearchOptions = { ...kept, threshold };
  const ranked = await rankedPlans(request, options, request.rank ?? 'steady');
  const { result, steady, placements, refused } = ranked;
  const [best] = result.plans;
  const placement = best === undefined ? null : (placements.get(best.plan) ?? null);
  const outcome = {
    result,
    beside: { ...whatIf(problem, result, plain, placement, refused), steady },
  };
  if (result.certificate.cutBy === null) request.cache?.write(outcome);
  return outcome;
}
