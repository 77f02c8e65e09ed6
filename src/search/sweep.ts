import { devicesOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { search } from './search.ts';
import type { SearchOptions } from './space/options.ts';

/** The fastest plan within a budget of GPUs or of memory. */
export interface SweepPoint {
  /** Most GPUs, or the share of each GPU's memory that may be used. */
  readonly budget: number;
  readonly plan: RankedPlan | null;
}

/** Sizes from `from` doubling up to `to`, which is always among them. */
export function sizesBetween(from: number, to: number): number[] {
  const sizes: number[] = [];
  for (let n = from; n < to; n *= 2) sizes.push(n);
  return [...sizes, to];
}

/** The best plan with at most so many GPUs, for each size. */
export function byGpus(
  problem: Problem,
  sizes: readonly number[],
  options: Partial<SearchOptions>,
): SweepPoint[] {
  return sizes.map((budget) => ({
    budget,
    plan: search(problem, { ...options, maxGpus: budget, top: 1 }).plans[0] ?? null,
  }));
}

/** Shares of GPU memory at which the front of step time against peak memory is cut. */
const MEMORY_SHARES = [0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2];

/** The front of step time against peak memory: the fastest plan under each budget, those that a tighter one matches left out. */
export function memoryFront(problem: Problem, options: Partial<SearchOptions>): SweepPoint[] {
  const points = MEMORY_SHARES.filter((share) => leaves(problem, share)).map((budget): SweepPoint => {
    const workload = { ...problem.workload, headroom: 1 - budget };
    return { budget, plan: search({ ...problem, workload }, { ...options, top: 1 }).plans[0] ?? null };
  });
  return front(points.filter(({ plan }) => plan !== null));
}

/** Whether a share of memory leaves no less than the headroom, and more than is reserved. */
function leaves({ cluster, workload }: Problem, share: number): boolean {
  const { headroom, reservedBytes = 0 } = workload;
  return (
    share <= 1 - headroom + 1e-9 && cluster.groups.every(({ gpu }) => share * gpu.memoryBytes > reservedBytes)
  );
}

/** The front of step time against GPUs in use. */
export function gpuFront(problem: Problem, options: Partial<SearchOptions>, most: number): SweepPoint[] {
  const sizes: number[] = [];
  for (let n = most; n >= 1; n = Math.floor(n / 2)) sizes.unshift(n);
  return front(
    byGpus(problem, sizes, options)
      .filter(({ plan }) => plan !== null)
      .map(({ plan }) => ({ budget: devicesOf(plan!.plan), plan })),
  );
}

/** Points in order of budget, each faster than all with a smaller one. */
function front(points: readonly SweepPoint[]): SweepPoint[] {
  const rising = [...points].sort((a, b) => a.budget - b.budget);
  let least = Number.POSITIVE_INFINITY;
  return rising.filter(({ plan }) => {
    const { stepSeconds } = plan!.estimate;
    if (stepSeconds >= least * (1 - 1e-9)) return false;
    least = stepSeconds;
    return true;
  });
}
