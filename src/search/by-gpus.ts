import { devicesOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { framesOf } from './bound/copies-bound.ts';
import type { Entry } from './run/entry.ts';
import { listing } from './run/queue.ts';
import { searchSteps } from './search.ts';
import { devicesOfFrame } from './space/frame.ts';
import { ALONE, DEFAULT_OPTIONS, type SearchOptions } from './space/options.ts';
import {
  FRONT_STEP,
  front,
  type Sweeping,
  type SweepPoint,
  type SweepStep,
  stops,
  telling,
} from './sweep.ts';

/**
 * The best plan with at most so many GPUs, for each size, in rising order. Each configuration is looked at once: by the size
 * that first has room for it, and only as far as it beats the best of the sizes before.
 */
export function* byGpus(
  problem: Problem,
  sizes: readonly number[],
  options: Partial<SearchOptions>,
): Sweeping {
  const queue = yield* listed(problem, options, sizes);
  return yield* inTurn(problem, queue, sizes, options, 1);
}

/** The front of step time against GPUs in use, over every number of GPUs that some configuration has. */
export function* gpuFront(problem: Problem, options: Partial<SearchOptions>, most: number): Sweeping {
  const queue = yield* listed(problem, options, [most]);
  const sizes = [...new Set(queue.map(gpusOf))].filter((gpus) => gpus <= most).sort((a, b) => a - b);
  const swept = yield* inTurn(problem, queue, sizes, options, 1 - FRONT_STEP);
  const used = swept.points.map(({ plan }) => ({ budget: plan === null ? 0 : devicesOf(plan.plan), plan }));
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

/** `reach`: what a size has to reach of the value of those before it. */
function* inTurn(
  problem: Problem,
  queue: readonly Entry[],
  sizes: readonly number[],
  options: Partial<SearchOptions>,
  reach: number,
): Sweeping {
  const objective = options.objective ?? DEFAULT_OPTIONS.objective;
  const value = ({ plan, estimate }: RankedPlan) => objective.value(plan, estimate);
  const points: SweepPoint[] = [];
  let best: RankedPlan | null = null;
  let below = 0;
  for (const [done, budget] of sizes.entries()) {
    const slice = queue.filter((entry) => gpusOf(entry) > below && gpusOf(entry) <= budget);
    const threshold: number = best === null ? Number.POSITIVE_INFINITY : reach * value(best);
    const steps = searchSteps(problem, { ...options, ...ALONE, maxGpus: budget, threshold }, slice);
    const told = { budget, share: done / sizes.length, part: 1 / sizes.length };
    const { result } = yield* telling(steps, told);
    const { plans, certificate } = result;
    if (stops(certificate.cutBy)) return { points, cut: { by: certificate.cutBy, left: sizes.slice(done) } };
    const [found] = plans;
    if (found !== undefined && (best === null || value(found) < reach * value(best))) best = found;
    points.push({ budget, plan: best });
    below = budget;
  }
  return { points, cut: null };
}

function gpusOf({ frame, bundle, copies }: Entry): number {
  if (frame !== null) return devicesOfFrame(frame);
  // All chains of a class have as many.
  const frames = bundle === null ? framesOf(copies!) : bundle.classes.map(([first]) => first!);
  return frames.reduce((sum, one) => sum + devicesOfFrame(one), 0);
}
