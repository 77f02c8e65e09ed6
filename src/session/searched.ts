import type { Problem } from '../domain/problem.ts';
import { listing } from '../search/run/queue.ts';
import { type Searched, searchSteps } from '../search/search.ts';
import type { SearchOptions } from '../search/space/options.ts';
import { played } from './played.ts';
import { canThread, defaultThreads, searchThreaded } from './threads.ts';

export interface SearchRequest {
  readonly problem: Problem;
  /** Left out: by the size of the space. */
  readonly threads?: number;
  /** Asked after each entry of the search: a promise gives the process a turn (signals, progress). */
  readonly pause?: () => Promise<void> | null;
}

/** The search alone. */
export async function searched(
  { problem, threads, pause }: SearchRequest,
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
