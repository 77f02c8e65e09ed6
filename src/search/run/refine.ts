import type { Problem } from '../../domain/problem.ts';
import { leastOfBundle } from '../bound/bundle-bound.ts';
import { leastOfCopies } from '../bound/copies-bound.ts';
import type { CostBook } from '../bound/cost-book.ts';
import type { SearchOptions } from '../space/options.ts';
import type { Entry } from './entry.ts';
import { beginWith, type FrameEntry, freshAgenda } from './frame-agenda.ts';

/**
 * The least value that any configuration of an entry may have: sharper than its bound in the queue, and more work; no
 * sharper than it takes to leave it aside for `threshold`; null where none may run: opened next, to say why.
 */
export function refinedBound(
  problem: Problem,
  options: SearchOptions,
  book: CostBook,
  entry: Entry,
  threshold: number,
): number | null {
  const { frame, bundle, copies, bound } = entry;
  let least = Number.POSITIVE_INFINITY;
  const search = { problem, options, book };
  if (frame !== null) {
    const agenda = freshAgenda(search, entry as FrameEntry);
    least = agenda.sharpened(search, threshold);
    if (least === Number.POSITIVE_INFINITY) beginWith(search, entry as FrameEntry, agenda);
  }
  if (bundle !== null) least = leastOfBundle(problem, options, book, bundle);
  if (copies !== null) least = leastOfCopies(problem, options, book, copies);
  return least === Number.POSITIVE_INFINITY ? null : Math.max(bound, least);
}
