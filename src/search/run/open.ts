import type { Problem } from '../../domain/problem.ts';
import type { Rejection } from '../../domain/search-result.ts';
import type { CostBook } from '../bound/cost-book.ts';
import type { SearchOptions } from '../space/options.ts';
import { expand } from './expand.ts';
import { expandBundle } from './expand-bundle.ts';
import type { Evaluated } from './kept.ts';
import type { Miss } from './misses.ts';
import type { Entry } from './queue.ts';
import { newRun, type Unproven } from './run.ts';

/** What opening one entry found: plain data, so that another thread may have done it. */
export interface Findings {
  readonly kept: readonly Evaluated[];
  readonly rejected: readonly Rejection[];
  readonly misses: readonly Miss[];
  readonly boundedAway: number;
  readonly evaluated: number;
  readonly unproven: Unproven;
}

/** Rejects, bounds or costs every configuration of an entry; `threshold` is the worst value kept when its round began. */
export function openEntry(
  problem: Problem,
  options: SearchOptions,
  book: CostBook,
  { frame, bundle }: Entry,
  threshold: number,
): Findings {
  const run = newRun(problem, { ...options, threshold: Math.min(threshold, options.threshold) }, book);
  if (frame !== null) expand(run, frame);
  if (bundle !== null) expandBundle(run, bundle);
  const { kept, misses, boundedAway, evaluated, unproven } = run;
  return { kept, rejected: run.tally.list(), misses, boundedAway, evaluated, unproven };
}
