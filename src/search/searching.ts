import type { Problem } from '../domain/problem.ts';
import { queueSteps } from './run/queue.ts';
import { type Searched, searchSteps } from './search.ts';
import { DEFAULT_OPTIONS, type SearchOptions } from './space/options.ts';
import { stops } from './sweep.ts';

/** A search that pauses while it lists what there is to search, too; what it listed so far where it is stopped then. */
export function* searching(
  problem: Problem,
  options: Partial<SearchOptions>,
): Generator<void, Searched, void> {
  const steps = queueSteps(problem, { ...DEFAULT_OPTIONS, ...options });
  let step = steps.next();
  while (step.done !== true && !stops(options.interrupted?.() ?? null)) {
    yield;
    step = steps.next();
  }
  return yield* searchSteps(problem, options, step.value);
}
