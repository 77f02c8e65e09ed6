import type { Problem } from '../../domain/problem.ts';
import type { Rejection } from '../../domain/search-result.ts';
import type { CostBook } from '../bound/cost-book.ts';
import type { SearchOptions } from '../space/options.ts';
import type { Entry } from './entry.ts';
import { expand } from './expand.ts';
import { expandBundle } from './expand-bundle.ts';
import { type CopiesEntry, expandCopies } from './expand-copies.ts';
import type { FrameEntry } from './frame-agenda.ts';
import type { Evaluated, Listed } from './kept.ts';
import type { Miss } from './misses.ts';
import type { Batch, Part, Rest } from './part.ts';
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
  /** Something that the launcher refused. */
  readonly refused: boolean;
  /** Left for later. */
  readonly rest: Rest | null;
}

/** What a closer look at one entry found. */
export interface Refined {
  readonly bound: number;
}

/** What is known when a round begins. */
export interface Known {
  /** The worst value kept. */
  readonly threshold: number;
  /** Of the layouts of the plans kept the value from which on another choice is not listed any more. */
  readonly listed: Listed;
}

/** Bounds an entry more sharply, or opens a part of it, or what turns out to have nothing that may run: rejects, bounds or costs its configurations. */
export function work(
  problem: Problem,
  options: SearchOptions,
  book: CostBook,
  entry: Entry,
  part: Part,
  { task, upto, plans, threshold, listed }: Omit<Batch, 'parts'> & Known,
): Findings | Refined {
  if (task === 'refine') {
    const bound = refinedBound(problem, options, book, entry, threshold);
    // Opened where none may run: to say why.
    if (bound !== null) return { bound };
  }
  const { frame, bundle, copies } = entry;
  const run = newRun(problem, { ...options, threshold }, book);
  let rest: Rest | null = null;
  if (frame !== null) rest = expand(run, entry as FrameEntry, part, { upto, plans, listed });
  if (bundle !== null) expandBundle(run, bundle);
  if (copies !== null) rest = expandCopies(run, entry as CopiesEntry, part, { upto, plans });
  const { kept, misses, boundedAway, evaluated, left, unproven, refused } = run;
  const rejected = run.tally.list();
  return { kept, rejected, misses, boundedAway, evaluated, left, unproven, refused, rest };
}
