import { describe, expect, it } from 'vitest';
import { deviceCount } from '../../src/domain/cluster.ts';
import { devicesOf } from '../../src/domain/plan.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { parseConfiguration as held } from '../../src/plan-text/configuration.ts';
import { byGpus, gpuFront } from '../../src/search/by-gpus.ts';
import { memoryFront } from '../../src/search/by-memory.ts';
import { finished } from '../../src/search/run/finished.ts';
import { search } from '../../src/search/search.ts';
import { front, type SweepPoint } from '../../src/search/sweep.ts';
import { problem } from '../fixtures/problem.ts';

const CASES: readonly (readonly [string, Problem])[] = [
  ['two nodes', problem('llama-3.2-1b', 'gcp-a3-megax2', { globalBatchSize: 32 })],
  ['two GPU types', problem('llama-3.2-1b', 'mixed-4090-3090', { globalBatchSize: 24 })],
];
const OPTIONS = { fix: held('cp=1,micro-batch=1,recompute=none') };

/** The best plan of each number of GPUs, with nothing bounded away. */
function rows(p: Problem): SweepPoint[] {
  return Array.from({ length: deviceCount(p.cluster) }, (_, i) => {
    const exhaustive = { ...OPTIONS, exhaustive: true, top: 1, plansAlone: true };
    const [plan] = search(p, { ...exhaustive, maxGpus: i + 1 }).plans;
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
    const best = sizes.map((size) => all[size - 1]!.plan?.estimate.stepSeconds);
    const { points, cut } = finished(byGpus(p, sizes, OPTIONS));
    expect(cut).toBeNull();
    expect(points.map(({ plan }) => plan?.estimate.stepSeconds)).toEqual(best);
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

  it('the front of time against memory is that of a search for each percent of it', () => {
    const points: SweepPoint[] = [];
    for (let percent = 92; percent > 0; percent--) {
      const workload = { ...p.workload, headroom: 1 - percent / 100 };
      const [plan] = search({ ...p, workload }, { ...OPTIONS, top: 1, plansAlone: true }).plans;
      if (plan === undefined) break;
      const used = plan.estimate.stages.map(
        ({ group, memory }) => memory.deviceBytes / p.cluster.groups[group]!.gpu.memoryBytes,
      );
      points.push({ budget: Math.max(...used), plan });
    }
    expect(told(finished(memoryFront(p, OPTIONS)).points)).toEqual(told(front(points)));
  });
});
