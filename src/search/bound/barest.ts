import type { Problem } from '../../domain/problem.ts';
import type { KernelSeconds } from '../../evaluate/stage-costs.ts';
import { microBatchesPerReplica } from '../space/candidate.ts';
import type { Layout } from '../space/frame.ts';
import { lowerBound, rampShare, type Sharpening } from './bounds.ts';
import type { Group } from './by-size.ts';
import type { CostBook } from './cost-book.ts';
import { cutsWithin } from './cut-within.ts';
import { kernelBound } from './frame-bound.ts';
import { fewestWhole } from './pipeline-bound.ts';
import { bareNeeds } from './stage-needs.ts';
import { leastAmong, standInOf } from './stand-in.ts';
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
    alive = null,
    ways = null,
  }: { readonly ramp?: number } & Sharpening = {},
): number {
  const { barest, transfers, orders } = group;
  let least = Number.POSITIVE_INFINITY;
  for (const choice of barest) {
    const candidate = { layout, choice };
    const loosest = { ramp, transfers, ends: 'anyRecompute', orders } as const;
    // Sharpened only where it might be the least.
    const sharpening = { enough: Math.min(least, enough), worst, most, alive, ways };
    least = Math.min(least, lowerBound(problem, candidate, book.seconds(candidate), loosest, sharpening));
  }
  return least;
}

/**
 * The same by kernels of layers that are whole and fit: the largest of some seconds that are tried within which a group has no cut,
 * `known` where it has one within all of them; none is larger than `worst`.
 */
export function barestWays(
  problem: Problem,
  layout: Layout,
  group: Group,
  ways: readonly Way[],
  {
    known,
    worst,
    alive,
  }: { readonly known: number; readonly worst: number; readonly alive: readonly number[] | null },
): number {
  const { secondsPerStep } = problem.stack.host;
  const [choice] = group.barest;
  const ramp = leastRamp(problem, layout, group);
  const leastOf = (of: (one: KernelSeconds) => number) =>
    layout.runs.map((_, run) => Math.min(...ways.map(({ kernels }) => of(kernels[run]!))));
  const standIn = standInOf(problem);
  const least = leastOf(({ secondsPerLayer }) => leastAmong(secondsPerLayer, standIn));
  const [embedding, head] = [leastOf((one) => one.embeddingSeconds), leastOf((one) => one.headSeconds)];
  const ends = layout.runs.map((_, run) => ({ embeddingSeconds: embedding[run]!, headSeconds: head[run]! }));
  const candidate = { layout, choice };
  const within = cutsWithin({
    microBatches: microBatchesPerReplica(problem, candidate),
    layers: standIn.layers,
    fewest: fewestWhole(problem, layout, group.orders),
    stages: bareNeeds(candidate, ends),
    ...{ seconds: least, alive, ramp, there: least.map(() => 0) },
    ...{ first: 0, pipeline: 0, rest: 0 },
  });
  const holds = (way: Way, seconds: number) =>
    within(way, (seconds / problem.stack.timeMultiplier.value - secondsPerStep) * (1 + ROUNDING));
  const some = (seconds: number) => ways.some((way) => holds(way, seconds));
  if (worst < Number.POSITIVE_INFINITY && !some(worst)) return worst;
  return worst < known * NEAR ? known : lastThatNot(some, known, worst);
}

/** What is known so near to the largest is told no better. */
const NEAR = 1.1;
const ROUNDING = 1e-9;
/** Seconds that are tried are so far apart, and none is larger than so many times what was known. */
const STEP = 1.02;
const STEPS = 40;

/** Of what is known and values up to `most`, the largest at which something does not yet hold that holds for all larger ones. */
function lastThatNot(holds: (value: number) => boolean, known: number, most: number): number {
  let [low, high] = [0, Math.min(STEPS, Math.ceil(Math.log(most / known) / Math.log(STEP)))];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (holds(known * STEP ** middle)) high = middle;
    else low = middle;
  }
  return known * STEP ** low;
}
