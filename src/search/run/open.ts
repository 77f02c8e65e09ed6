import type { Problem } from '../../domain/problem.ts';
import type { Rejection } from '../../domain/search-result.ts';
import type { CostBook } from '../bound/cost-book.ts';
import type { SearchOptions } from '../space/options.ts';
import type { Batch } from './agenda.ts';
import { expand } from './expand.ts';
import { expandBundle } from './expand-bundle.ts';
import { expandCopies } from './expand-copies.ts';
import type { Evaluated } from './kept.ts';
import type { Miss } from './misses.ts';
import type { Entry } from './queue.ts';
import { refinedBound } from './refine.ts';
import { newRun, type Unproven } from './run.ts';

/** What opening one entry found: plain data, so that another thread may have done it. */
export interface Findings {
  readonly kept: readonly Evaluated[];
  readonly rejected: readonly Rejection[];
  readonly misses: readonly Miss[];
  readonly boundedAway: number;
  readonly evaluated: number;
  readonly left: number;
  readonly unproven: Unproven;
}

/** What a closer look at one entry found. */
export interface Refined {
  readonly bound: number;
}

/** Bounds an entry more sharply, or opens it: rejects, bounds or costs its configurations; `threshold` is the worst value kept when its round began. */
export function work(
  problem: Problem,
  options: SearchOptions,
  book: CostBook,
  entry: Entry,
  { task, threshold }: Pick<Batch, 'task'> & { readonly threshold: number },
): Findings | Refined {
  if (task === 'refine') return { bound: refinedBound(problem, options, book, entry, threshold) };
  const { frame, bundle, copies } = entry;
  const run = newRun(problem, { ...options, threshold }, book);
  if (frame !== null) expand(run, frame);
  if (bundle !== null) expandBundle(run, bundle);
  if (copies !== null) expandCopies(run, copies);
  const { kept, misses, boundedAway, evaluated, left, unproven } = run;
  return { kept, rejected: run.tally.list(), misses, boundedAway, evaluated, left, unproven };
}
