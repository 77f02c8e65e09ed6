import type { Problem } from '../../domain/problem.ts';
import { splitLaw } from '../../laws/split.ts';
import { barestBound } from '../bound/barest.ts';
import { bySize, type Group } from '../bound/by-size.ts';
import { leastOfCopies } from '../bound/copies-bound.ts';
import type { CostBook } from '../bound/cost-book.ts';
import type { Bundle } from '../space/bundles.ts';
import type { Frame } from '../space/frame.ts';
import type { SearchOptions } from '../space/options.ts';
import { bundleChoices } from './expand-bundle.ts';
import { type FrameEntry, frameAgenda } from './frame-agenda.ts';
import type { Entry } from './queue.ts';

/**
 * The least value that any configuration of an entry may have: sharper than its bound in the queue, and more work; no
 * sharper than it takes to leave it aside for `threshold`. Where none may run it stays as it is, so that the entry is opened as
 * soon as others are, to say why.
 */
export function refinedBound(
  problem: Problem,
  options: SearchOptions,
  book: CostBook,
  entry: Entry,
  threshold: number,
): number {
  const { frame, bundle, copies, bound } = entry;
  let least = Number.POSITIVE_INFINITY;
  const search = { problem, options, book };
  if (frame !== null) least = frameAgenda(search, entry as FrameEntry).sharpened(search, threshold);
  if (bundle !== null) least = leastOfBundle(problem, options, book, bundle);
  if (copies !== null) least = leastOfCopies(problem, options, book, copies);
  return least === Number.POSITIVE_INFINITY ? bound : Math.max(bound, least);
}

/** Pipelines that share the batch work as fast together as the fastest chain of each class, whole batches a second added up. */
function leastOfBundle(
  problem: Problem,
  options: SearchOptions,
  book: CostBook,
  { classes }: Bundle,
): number {
  const fastest = (frames: readonly Frame[], group: Group) => {
    let rate = 0;
    for (const frame of frames) {
      const layout = { ...frame, ep: 1, etp: 1 };
      if (splitLaw(problem, { ...layout, shapes: layout.runs }) === null)
        rate = Math.max(rate, 1 / barestBound(problem, book, layout, group, { ramp: 0 }));
    }
    return rate;
  };
  let least = Number.POSITIVE_INFINITY;
  for (const group of bySize(bundleChoices(problem, options))) {
    const rates = classes.map((frames) => fastest(frames, group));
    if (rates.includes(0)) continue;
    const seconds = 1 / rates.reduce((sum, rate) => sum + rate, 0);
    least = Math.min(
      least,
      options.objective.bound(
        seconds,
        classes.map(([frame]) => frame!),
      ),
    );
  }
  return least;
}
