import type { Problem } from '../domain/problem.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { estimate } from '../evaluate/estimate.ts';
import { searching } from './searching.ts';
import type { SearchOptions } from './space/options.ts';
import {
  FASTEST_POINTS,
  front,
  pointOptions,
  type Sweeping,
  type SweepPoint,
  type SweepStep,
  type Swept,
  shownOf,
  stops,
  telling,
} from './sweep.ts';

/** Down to the least: shares of memory less than this apart are one. */
export const LEAST_STEP = 1e-4;

/**
 * The front of step time against peak memory, by whole percents of it: from the fastest plan down, each the fastest of those that
 * take less than the one before; and at its end what takes the least, to LEAST_STEP.
 */
export function* memoryFront(
  problem: Problem,
  options: Partial<SearchOptions>,
  taken = FASTEST_POINTS,
): Sweeping {
  const asked = pointOptions(options, taken);
  const points: SweepPoint[] = [];
  const most = Math.floor(100 * (1 - problem.workload.headroom) + 1e-9);
  let percent = most;
  let used = Number.POSITIVE_INFINITY;
  const within = function* (budget: number, headroom: number, told: Omit<SweepStep, 'budget'>) {
    const tight = { ...problem, workload: { ...problem.workload, headroom } };
    const step = { budget, ...told };
    const { result } = yield* telling(searching(tight, asked), step);
    if (stops(result.certificate.cutBy)) return result;
    const { plan, fastest } = yield* telling(shownOf(tight, asked, result, taken), step);
    if (plan !== null) {
      used = usedShare(problem, plan);
      // Its limits are those of the problem, not of the budget.
      const here = { ...plan, estimate: estimate(problem, plan.plan) };
      points.push({ budget: used, plan: here, ...(fastest === undefined ? {} : { fastest }) });
    }
    return result;
  };
  const stopped = (by: string, budget: number): Swept => ({
    points: front(points),
    cut: { by, left: [budget] },
  });
  while (leaves(problem, percent / 100)) {
    const budget = percent / 100;
    const headroom = percent === most ? problem.workload.headroom : 1 - budget;
    const told = { share: (most - percent) / most, part: 1 / most };
    const { plans, certificate } = yield* within(budget, headroom, told);
    if (stops(certificate.cutBy)) return stopped(certificate.cutBy, budget);
    if (plans.length === 0) break;
    percent = Math.min(percent, Math.ceil(100 * used - 1e-9)) - 1;
  }
  // Nothing fits into `none`, the last plan into what it uses.
  let none = Math.max(0, percent / 100);
  while (points.length > 0 && used - none > LEAST_STEP) {
    const budget = (used + none) / 2;
    const told = { share: (most - percent) / most, part: 1 / most };
    const { plans, certificate } = leaves(problem, budget)
      ? yield* within(budget, 1 - budget, told)
      : NOTHING_LEFT;
    if (stops(certificate.cutBy)) return stopped(certificate.cutBy, budget);
    if (plans.length === 0) none = budget;
  }
  return { points: front(points), cut: null };
}

/** What a search finds in no memory at all. */
const NOTHING_LEFT = { plans: [], certificate: { cutBy: null } } as const;

/** Of the memory of the fullest GPU, what others hold of it included. */
function usedShare({ cluster, workload }: Problem, { estimate }: RankedPlan): number {
  const { reservedBytes = 0 } = workload;
  return Math.max(
    ...estimate.stages.map(
      ({ group, memory }) => (memory.deviceBytes + reservedBytes) / cluster.groups[group]!.gpu.memoryBytes,
    ),
  );
}

/** Whether a share of memory leaves more than is reserved. */
function leaves({ cluster, workload }: Problem, share: number): boolean {
  const { reservedBytes = 0 } = workload;
  return share > 0 && cluster.groups.every(({ gpu }) => share * gpu.memoryBytes > reservedBytes);
}
