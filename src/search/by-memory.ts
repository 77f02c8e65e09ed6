import type { Problem } from '../domain/problem.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { searching } from './searching.ts';
import type { SearchOptions } from './space/options.ts';
import { ALONE, front, type Sweeping, type SweepPoint, stops, telling } from './sweep.ts';

/**
 * The front of step time against peak memory, by whole percents of it: from the fastest plan down, each the fastest of those that
 * take less than the one before.
 */
export function* memoryFront(problem: Problem, options: Partial<SearchOptions>): Sweeping {
  const points: SweepPoint[] = [];
  const most = Math.floor(100 * (1 - problem.workload.headroom) + 1e-9);
  let percent = most;
  while (leaves(problem, percent / 100)) {
    const budget = percent / 100;
    const headroom = percent === most ? problem.workload.headroom : 1 - budget;
    const tight = { ...problem, workload: { ...problem.workload, headroom } };
    const steps = searching(tight, { ...options, ...ALONE });
    const { result } = yield* telling(steps, { budget, share: (most - percent) / most, part: 1 / most });
    const { plans, certificate } = result;
    if (stops(certificate.cutBy))
      return { points: front(points), cut: { by: certificate.cutBy, left: [budget] } };
    const [plan] = plans;
    if (plan === undefined) break;
    const used = usedShare(problem, plan);
    points.push({ budget: used, plan });
    percent = Math.min(percent, Math.ceil(100 * used - 1e-9)) - 1;
  }
  return { points: front(points), cut: null };
}

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
