import type { PlanFile } from '../catalogue/plan-file.ts';
import type { Problem } from '../domain/problem.ts';
import type { RankedPlan, SearchResult, WhatIf } from '../domain/search-result.ts';
import { TIE } from '../domain/tie.ts';
import { planText } from '../plan-text/text.ts';
import { listing } from '../search/run/queue.ts';
import { type Searched, searchSteps, tied } from '../search/search.ts';
import { soonestFor } from '../search/space/objective.ts';
import { DEFAULT_OPTIONS, type SearchOptions } from '../search/space/options.ts';
import { placed } from './placed.ts';
import { played } from './played.ts';
import { FINALISTS, type Rank, steadyFirst } from './steady-first.ts';
import { canThread, defaultThreads, searchThreaded } from './threads.ts';
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

export interface PlanRequest {
  readonly problem: Problem;
  /** How to search; left out: as DEFAULT_OPTIONS has it. */
  readonly options?: Partial<Omit<SearchOptions, 'threshold' | 'ties'>>;
  /** Which of the plans that the model cannot tell apart comes first; left out: the steady one. */
  readonly rank?: Rank;
  /** Left out: by the size of the space. */
  readonly threads?: number;
  /** Plans of an earlier run: less work, the same plans. */
  readonly warmStart?: PlanFile;
  readonly cache?: OutcomeCache;
  /** Asked after each entry of the search: a promise gives the process a turn (signals, progress). */
  readonly pause?: () => Promise<void> | null;
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
  const { result: searchedFor, refused } = await searched(request, options);
  const { top, objective } = plain;
  const rank = request.rank ?? 'steady';
  const all = rank === 'steady' ? await withSoonest(request, options, searchedFor) : searchedFor;
  const found = placed(problem, all, objective);
  const { result, steady } = steadyFirst(problem, found.result, { objective, top, rank });
  const [best] = result.plans;
  const placement = best === undefined ? null : (found.placements.get(best.plan) ?? null);
  const outcome = {
    result,
    beside: { ...whatIf(problem, result, plain, placement, refused), steady },
  };
  if (result.certificate.cutBy === null) request.cache?.write(outcome);
  return outcome;
}

/** Plans beyond the ones that are printed, for the first to be chosen of: the same ones however many are printed. */
function tiesKept({ top, objective }: Pick<SearchOptions, 'top' | 'objective'>): number {
  return objective.id === 'memory' ? 0 : Math.max(0, FINALISTS - top);
}

/**
 * By what a token costs: with the soonest of the plans that are as cheap as the cheapest, which may be many more than are kept. They follow
 * by what they cost.
 */
async function withSoonest(
  request: PlanRequest,
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

/** The search alone. */
export async function searched(
  { problem, threads, pause }: Pick<PlanRequest, 'problem' | 'threads' | 'pause'>,
  options: SearchOptions,
): Promise<Searched> {
  const turn = () => pause?.() ?? null;
  const { queue, stopped } = await played(listing(problem, options), turn);
  const space = queue.reduce((sum, { count }) => sum + count, 0);
  const many = canThread() ? (threads ?? defaultThreads(space)) : 1;
  if (many > 1 && !stopped && options.interrupted() === null)
    return searchThreaded(problem, options, many, queue);
  const found = await played(searchSteps(problem, options, queue), turn);
  return stopped ? unlisted(found) : found;
}

/** Nothing is known of what was not listed. */
function unlisted(searched: Searched): Searched {
  const { result } = searched;
  const certificate = { ...result.certificate, unlisted: true, optimal: false, gap: null };
  return { ...searched, result: { ...result, certificate } };
}
