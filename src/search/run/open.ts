import type { Problem } from '../../domain/problem.ts';
import type { Rejection } from '../../domain/search-result.ts';
import { splitLaw } from '../../laws/split.ts';
import { barestBound, bySize } from '../bound/barest.ts';
import type { CostBook } from '../bound/cost-book.ts';
import { chainOf, choices } from '../space/choices.ts';
import type { Frame } from '../space/frame.ts';
import { layoutsOf } from '../space/layouts.ts';
import type { SearchOptions } from '../space/options.ts';
import type { Batch } from './agenda.ts';
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

/** What a closer look at one entry found. */
export interface Refined {
  readonly bound: number;
}

/** Bounds an entry more sharply, or opens it: rejects, bounds or costs its configurations; `threshold` is the worst value kept when its round began. */
export function work(
  problem: Problem,
  options: SearchOptions,
  book: CostBook,
  { frame, bundle, bound }: Entry,
  { task, threshold }: Pick<Batch, 'task'> & { readonly threshold: number },
): Findings | Refined {
  if (task === 'refine') return { bound: Math.max(bound, refinedBound(problem, options, book, frame)) };
  const run = newRun(problem, { ...options, threshold: Math.min(threshold, options.threshold) }, book);
  if (frame !== null) expand(run, frame);
  if (bundle !== null) expandBundle(run, bundle);
  const { kept, misses, boundedAway, evaluated, unproven } = run;
  return { kept, rejected: run.tally.list(), misses, boundedAway, evaluated, unproven };
}

/** The least that any configuration of a frame may have: of each of its layouts and sizes of micro-batch the barest choice. Where none may run it is opened as soon as others are, to say why. */
function refinedBound(problem: Problem, options: SearchOptions, book: CostBook, frame: Frame | null): number {
  if (frame === null || options.launcher?.refuses?.(problem, frame.runs, frame.pp)) return 0;
  const groups = bySize(choices(problem, chainOf(problem, frame), options));
  let least = Number.POSITIVE_INFINITY;
  for (const layout of layoutsOf(problem, frame, options)) {
    if (splitLaw(problem, { ...layout, shapes: layout.runs }) !== null) continue;
    for (const group of groups)
      least = Math.min(least, options.objective.bound(barestBound(problem, book, layout, group), [layout]));
  }
  return least === Number.POSITIVE_INFINITY ? 0 : least;
}
