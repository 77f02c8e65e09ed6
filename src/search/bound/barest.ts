import type { Problem } from '../../domain/problem.ts';
import type { Layout } from '../space/frame.ts';
import { lowerBound, rampShare, type Sharpening } from './bounds.ts';
import type { Group } from './by-size.ts';
import type { CostBook } from './cost-book.ts';
import { kernelBound } from './frame-bound.ts';

/** The same by kernels alone: a table, where that bound is work. */
export function barestKernels(problem: Problem, book: CostBook, layout: Layout, group: Group): number {
  const ramp = leastRamp(problem, layout, group);
  let least = Number.POSITIVE_INFINITY;
  for (const choice of group.kernels) {
    const candidate = { layout, choice };
    least = Math.min(least, kernelBound(problem, candidate, book.kernels(candidate), ramp));
  }
  return least;
}

function leastRamp(problem: Problem, layout: Layout, { orders }: Group): number {
  let least = 1;
  for (const order of orders) least = Math.min(least, rampShare(problem, layout, order));
  return least;
}

/** No configuration of a layout with any of these choices takes less, seconds; with no ramp it goes with the batch. */
export function barestBound(
  problem: Problem,
  book: CostBook,
  layout: Layout,
  group: Group,
  {
    ramp = leastRamp(problem, layout, group),
    enough = Number.POSITIVE_INFINITY,
    worst = Number.POSITIVE_INFINITY,
    most = null,
  }: { readonly ramp?: number } & Sharpening = {},
): number {
  const { barest, transfers, orders } = group;
  let least = Number.POSITIVE_INFINITY;
  for (const choice of barest) {
    const candidate = { layout, choice };
    const loosest = { ramp, transfers, ends: 'anyRecompute', orders } as const;
    // Sharpened only where it might be the least.
    const sharpening = { enough: Math.min(least, enough), worst, most };
    least = Math.min(least, lowerBound(problem, candidate, book.seconds(candidate), loosest, sharpening));
  }
  return least;
}
