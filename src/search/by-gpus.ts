import { devicesOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { TIE } from '../domain/tie.ts';
import { framesOf } from './bound/copies-bound.ts';
import { rankedAnew } from './ranked-anew.ts';
import type { Entry } from './run/entry.ts';
import { listing } from './run/queue.ts';
import { searchSteps } from './search.ts';
import { devicesOfFrame } from './space/frame.ts';
import { DEFAULT_OPTIONS, type SearchOptions } from './space/options.ts';
import {
  FASTEST_POINTS,
  front,
  type Points,
  pointOptions,
  type Sweeping,
  type SweepPoint,
  type SweepStep,
  shownOf,
  stops,
  telling,
} from './sweep.ts';

/**
 * The best plan with at most so many GPUs, for each size, in rising order. Each configuration is looked at once: by the size
 * that first has room for it, and only as far as it beats, or ties with, the best of the sizes before.
 */
export function* byGpus(
  problem: Problem,
  sizes: readonly number[],
  options: Partial<SearchOptions>,
  taken = FASTEST_POINTS,
): Sweeping {
  const queue = yield* listed(problem, options, sizes);
  return yield* inTurn(problem, queue, sizes, options, taken);
}

/** The front of step time against GPUs in use, over every number of GPUs that some configuration has. */
export function* gpuFront(
  problem: Problem,
  options: Partial<SearchOptions>,
  most: number,
  taken = FASTEST_POINTS,
): Sweeping {
  const queue = yield* listed(problem, options, [most]);
  const sizes = [...new Set(queue.map(gpusOf))].filter((gpus) => gpus <= most).sort((a, b) => a - b);
  const swept = yield* inTurn(problem, queue, sizes, options, taken);
  const used = swept.points.map((point) => ({
    ...point,
    budget: point.plan === null ? 0 : devicesOf(point.plan.plan),
  }));
  return { ...swept, points: front(used) };
}

function* listed(
  problem: Problem,
  options: Partial<SearchOptions>,
  sizes: readonly number[],
): Generator<SweepStep, readonly Entry[], void> {
  const steps = listing(problem, { ...DEFAULT_OPTIONS, ...options, maxGpus: sizes.at(-1)! });
  // What was listed before a stop is searched no further than to the first question whether to stop.
  const { queue } = yield* telling(steps, { budget: sizes[0]!, share: 0, part: 1 / sizes.length });
  return queue;
}

function* inTurn(
  problem: Problem,
  queue: readonly Entry[],
  sizes: readonly number[],
  options: Partial<SearchOptions>,
  taken: Points,
): Sweeping {
  const asked = pointOptions(options, taken);
  const points: SweepPoint[] = [];
  let known: readonly RankedPlan[] = [];
  let below = 0;
  for (const [done, budget] of sizes.entries()) {
    const slice = queue.filter((entry) => gpusOf(entry) > below && gpusOf(entry) <= budget);
    const within = { ...asked, maxGpus: budget, threshold: toBeat(known, asked) };
    const told = { budget, share: done / sizes.length, part: 1 / sizes.length };
    const { result } = yield* telling(searchSteps(problem, within, slice), told);
    const { cutBy } = result.certificate;
    if (stops(cutBy)) return { points, cut: { by: cutBy, left: sizes.slice(done) } };
    const last = points.at(-1);
    if (last === undefined || result.plans.length > 0) {
      known = keptOf(problem, [...known, ...result.plans], asked);
      const all = { ...result, plans: known };
      const free = { ...within, threshold: Number.POSITIVE_INFINITY };
      points.push({ budget, ...(yield* telling(shownOf(problem, free, all, taken), told)) });
    } else points.push({ ...last, budget });
    below = budget;
  }
  return { points, cut: null };
}

/** The best so far, and as many as are kept of those that tie with it. */
function keptOf(
  problem: Problem,
  plans: readonly RankedPlan[],
  { objective, top, ties }: SearchOptions,
): RankedPlan[] {
  const [first, ...others] = rankedAnew(problem, plans, objective);
  if (first === undefined) return [];
  const limit = (1 + TIE) * objective.value(first.plan, first.estimate);
  return [first, ...others.filter(({ plan, estimate }) => objective.value(plan, estimate) < limit)].slice(
    0,
    top + ties,
  );
}

/** What is as much or more is not kept beside these. */
function toBeat(known: readonly RankedPlan[], { objective, top, ties }: SearchOptions): number {
  const values = known.map(({ plan, estimate }) => objective.value(plan, estimate));
  if (known.length === 0) return Number.POSITIVE_INFINITY;
  return known.length < top + ties ? values[0]! * (1 + TIE) : Math.max(...values);
}

function gpusOf({ frame, bundle, copies }: Entry): number {
  if (frame !== null) return devicesOfFrame(frame);
  // All chains of a class have as many.
  const frames = bundle === null ? framesOf(copies!) : bundle.classes.map(([first]) => first!);
  return frames.reduce((sum, one) => sum + devicesOfFrame(one), 0);
}
