import { describe, expect, it } from 'vitest';
import { deviceCount } from '../../src/domain/cluster.ts';
import { devicesOf } from '../../src/domain/plan.ts';
import type { Problem } from '../../src/domain/problem.ts';
import type { RankedPlan } from '../../src/domain/search-result.ts';
import { parseConfiguration as held } from '../../src/plan-text/configuration.ts';
import { byGpus, gpuFront } from '../../src/search/by-gpus.ts';
import { LEAST_STEP, memoryFront } from '../../src/search/by-memory.ts';
import { finished } from '../../src/search/run/finished.ts';
import { search } from '../../src/search/search.ts';
import { BY_MEMORY } from '../../src/search/space/objective.ts';
import { front, type SweepPoint } from '../../src/search/sweep.ts';
import { problem } from '../fixtures/problem.ts';

const CASES: readonly (readonly [string, Problem])[] = [
  ['two nodes', problem('llama-3.2-1b', 'gcp-a3-megax2', { globalBatchSize: 32 })],
  ['two GPU types', problem('llama-3.2-1b', 'mixed-4090-3090', { globalBatchSize: 24 })],
];
const OPTIONS = { fix: held('cp=1,micro-batch=1,recompute=none') };

/** The best plan of so many GPUs, with nothing bounded away: the layers of `top` are settled. */
function bestOf(p: Problem, maxGpus: number, top: number): RankedPlan | undefined {
  return search(p, { ...OPTIONS, exhaustive: true, top, plansAlone: true, maxGpus }).plans[0];
}

/** The best plan of each number of GPUs. */
function rows(p: Problem): SweepPoint[] {
  return Array.from({ length: deviceCount(p.cluster) }, (_, i) => {
    const plan = bestOf(p, i + 1, 1);
    return { budget: plan === undefined ? i + 1 : devicesOf(plan.plan), plan: plan ?? null };
  });
}

const told = (points: readonly SweepPoint[]) =>
  points.map(({ budget, plan }) => [budget, plan?.estimate.stepSeconds]);

describe.each(CASES)('%s', (_, p) => {
  const all = rows(p);
  const most = deviceCount(p.cluster);

  it('the front of time against GPUs is that of all rows', () => {
    const expected = told(front(all));
    expect(expected.length).toBeGreaterThan(3);
    expect(told(finished(gpuFront(p, OPTIONS, most)).points)).toEqual(expected);
  });

  it('the best with at most so many GPUs is that of all rows', () => {
    const sizes = [1, 3, 8, 12, most];
    const { points, cut } = finished(byGpus(p, sizes, OPTIONS));
    expect(cut).toBeNull();
    // Layers are settled of the plans that are kept, one of each size: it is no worse than the best, nor better than the best of many.
    for (const [i, size] of sizes.entries()) {
      const step = points[i]!.plan?.estimate.stepSeconds ?? Number.POSITIVE_INFINITY;
      const best = all[size - 1]!.plan?.estimate.stepSeconds ?? Number.POSITIVE_INFINITY;
      expect(step).toBeLessThanOrEqual(best);
      expect(step).toBeGreaterThanOrEqual(bestOf(p, size, 60)?.estimate.stepSeconds ?? best);
    }
  });

  it('a sweep that is stopped keeps what it has finished', () => {
    let asked = 0;
    const interrupted = () => (++asked > 4 ? 'time-limit' : null);
    const swept = finished(byGpus(p, [1, 8, most], { ...OPTIONS, interrupted }));
    expect(swept.cut?.by).toBe('time-limit');
    expect([...swept.points.map(({ budget }) => budget), ...swept.cut!.left]).toEqual([1, 8, most]);
  });
});

describe('memory', () => {
  const [, p] = CASES[0]!;

  const share = ({ estimate }: RankedPlan) =>
    Math.max(
      ...estimate.stages.map(
        ({ group, memory }) => memory.deviceBytes / p.cluster.groups[group]!.gpu.memoryBytes,
      ),
    );
  const { points } = finished(memoryFront(p, OPTIONS));

  it('the front of time against memory is that of a search for each percent of it', () => {
    const each: SweepPoint[] = [];
    for (let percent = 92; percent > 0; percent--) {
      const workload = { ...p.workload, headroom: 1 - percent / 100 };
      const [plan] = search({ ...p, workload }, { ...OPTIONS, top: 1, plansAlone: true }).plans;
      if (plan === undefined) break;
      each.push({ budget: share(plan), plan });
    }
    const [least] = points;
    expect(told(points)).toEqual(told(front([least!, ...each])));
  });

  it('the front of memory begins with the least that any plan takes', () => {
    const options = { ...OPTIONS, objective: BY_MEMORY, exhaustive: true, top: 1, plansAlone: true };
    const [least] = search(p, options).plans;
    expect(points[0]!.budget).toBeGreaterThanOrEqual(share(least!) * (1 - 1e-9));
    expect(points[0]!.budget).toBeLessThanOrEqual(share(least!) + LEAST_STEP);
  });

  it('plans of the memory front are held against what a GPU has, not against the budget', () => {
    for (const { plan } of points) {
      const { memoryBytes } = p.cluster.groups[0]!.gpu;
      for (const { memory } of plan!.estimate.stages)
        expect(memory.limitBytes).toBeCloseTo(memoryBytes * (1 - p.workload.headroom), -1);
    }
  });
});
