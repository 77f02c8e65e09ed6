import type { Problem } from '../domain/problem.ts';
import { listing } from './run/queue.ts';
import { type Searched, searchSteps } from './search.ts';
import { DEFAULT_OPTIONS, type SearchOptions } from './space/options.ts';

/** A search that pauses while it lists what there is to search, too; what it listed so far where it is stopped then. */
export function* searching(
  problem: Problem,
  options: Partial<SearchOptions>,
): Generator<void, Searched, void> {
  const { queue } = yield* listing(problem, { ...DEFAULT_OPTIONS, ...options });
  return yield* searchSteps(problem, options, queue);
}
