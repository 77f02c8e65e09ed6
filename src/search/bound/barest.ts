import type { Problem } from '../../domain/problem.ts';
import { microBatchesPerReplica } from '../space/candidate.ts';
import type { Layout } from '../space/frame.ts';
import { lowerBound, rampShare, type Sharpening } from './bounds.ts';
import type { Group } from './by-size.ts';
import type { CostBook } from './cost-book.ts';
import { bareStages, cutsWithin } from './cut-within.ts';
import { kernelBound } from './frame-bound.ts';
import { layersAtLeast } from './pipeline-bound.ts';
import type { Way } from './ways.ts';

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
    ways,
  }: { readonly ramp?: number } & Sharpening = {},
): number {
  const { barest, transfers, orders } = group;
  let least = Number.POSITIVE_INFINITY;
  for (const choice of barest) {
    const candidate = { layout, choice };
    const loosest = { ramp, transfers, ends: 'anyRecompute', orders } as const;
    // Sharpened only where it might be the least.
    const sharpening = { enough: Math.min(least, enough), worst, most, ...(ways && { ways }) };
    least = Math.min(least, lowerBound(problem, candidate, book.seconds(candidate), loosest, sharpening));
  }
  return least;
}

/**
 * The same by kernels of layers that are whole and fit: whether a group has a cut within `worst` seconds, which is told where it
 * has none; without that, the largest of some seconds that are tried within which it has none.
 */
export function barestWays(
  problem: Problem,
  layout: Layout,
  group: Group,
  ways: readonly Way[],
  { known, worst }: { readonly known: number; readonly worst: number },
): number {
  const { secondsPerStep } = problem.stack.host;
  const [choice] = group.barest;
  const ramp = leastRamp(problem, layout, group);
  const least = layout.runs.map((_, run) =>
    Math.min(...ways.flatMap(({ passes }) => passes.map(({ secondsPerLayer }) => secondsPerLayer[run]!))),
  );
  const within = cutsWithin({
    ...{ microBatches: microBatchesPerReplica(problem, { layout, choice }), layers: problem.model.layers.length },
    ...{ fewest: layersAtLeast(layout, group.orders), first: 0, pipeline: 0, rest: 0 },
    ...{ stages: bareStages(layout), back: least.map((seconds) => ramp * seconds), there: least.map(() => 0) },
  });
  const holds = (seconds: number) => {
    const own = (seconds / problem.stack.timeMultiplier.value - secondsPerStep) * (1 + ROUNDING);
    return ways.some((way) => within(way, own));
  };
  if (worst < Number.POSITIVE_INFINITY) return holds(worst) ? known : worst;
  return lastThatNot(holds, known);
}

const ROUNDING = 1e-9;
/** Seconds that are tried are so far apart, and none is larger than so many times what was known. */
const STEP = 1.02;
const STEPS = 40;

/** Of what is known and larger values, the largest at which something does not yet hold that holds for all larger ones. */
function lastThatNot(holds: (value: number) => boolean, known: number): number {
  let [low, high] = [0, STEPS];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (holds(known * STEP ** middle)) high = middle;
    else low = middle;
  }
  return known * STEP ** low;
}
