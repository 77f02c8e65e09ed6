import { describe, expect, it } from 'vitest';
import { devicesOf } from '../../../src/domain/plan.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { launcherOf } from '../../../src/frameworks/index.ts';
import { queueOf } from '../../../src/search/run/queue.ts';
import { BY_MEMORY } from '../../../src/search/space/objective.ts';
import { DEFAULT_OPTIONS } from '../../../src/search/space/options.ts';
import { type PlanOutcome, planRun } from '../../../src/session/plan-run.ts';
import { problem } from '../../fixtures/problem.ts';

/** Four nodes of which some pairs have a fifth of the network of others. */
function measured(): Problem {
  const p = problem('llama-3.1-8b', 'dgx-h100-64', { globalBatchSize: 32 });
  const [group] = p.cluster.groups;
  const bandwidth = Array.from({ length: 4 }, (_, i) =>
    Array.from({ length: 4 }, (_, j) =>
      i === j ? Number.POSITIVE_INFINITY : i % 2 === j % 2 ? 150e9 : 30e9,
    ),
  );
  const hosts = ['a', 'b', 'c', 'd'];
  return {
    ...p,
    cluster: {
      ...p.cluster,
      groups: [{ ...group!, nodes: 4, hosts }],
      measured: { bandwidth, latency: null, perFlow: null },
    },
  };
}

const fix = { counts: { tp: 4, cp: 1, 'micro-batch': 1 }, techniques: {} };

describe('a run of plan', () => {
  it('ranks by what it was asked to make small, also after nodes are ordered by measured links', async () => {
    const { result } = await planRun({
      problem: measured(),
      options: { fix, top: 8, objective: BY_MEMORY },
    });
    const shares = result.plans.map(({ plan, estimate }) => BY_MEMORY.value(plan, estimate));
    expect(shares.length).toBeGreaterThan(3);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    const seconds = result.plans.map(({ estimate }) => estimate.stepSeconds);
    expect(seconds).not.toEqual([...seconds].sort((a, b) => a - b));
    expect(result.plans.map(({ rank }) => rank)).toEqual(result.plans.map((_, i) => i + 1));
  });

  it('ranks by time where nothing else is asked', async () => {
    const { result, beside } = await planRun({ problem: measured(), options: { fix, top: 5 } });
    const seconds = result.plans.map(({ estimate }) => estimate.stepSeconds);
    expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
    expect(beside.placement?.stepSeconds).toBeCloseTo(seconds[0]!, 12);
    for (const { plan } of result.plans) expect([...plan.nodeOrder!].sort()).toEqual([0, 1, 2, 3]);
  });

  it('is kept when it ended by itself, and taken from where it is kept', async () => {
    const kept: PlanOutcome[] = [];
    const cache = { read: () => kept[0], write: (one: PlanOutcome) => void kept.push(one) };
    const request = { problem: problem('llama-3.1-8b', 'dgx-h100-8'), options: { fix, top: 1 }, cache };
    const cut = await planRun({
      ...request,
      options: { ...request.options, interrupted: () => 'time-limit' },
    });
    expect(cut.result.certificate.cutBy).toBe('time-limit');
    expect(kept).toEqual([]);
    const first = await planRun(request);
    expect(kept).toEqual([first]);
    expect(await planRun({ ...request, options: { fix, top: 9 } })).toBe(first);
  });

  it('is stopped while its configurations are listed, and says that there are more', async () => {
    const many = problem('llama-3.1-70b', 'four-types-1024');
    const all = queueOf(many, DEFAULT_OPTIONS).reduce((sum, { count }) => sum + count, 0);
    const { result } = await planRun({ problem: many, options: { interrupted: () => 'interrupt' } });
    const { certificate } = result;
    expect(certificate).toMatchObject({ cutBy: 'interrupt', unlisted: true, optimal: false, gap: null });
    expect(certificate.space).toBeGreaterThan(0);
    expect(certificate.space).toBeLessThan(all);
    expect(certificate.left).toBe(certificate.space);
  });

  it('says what a fifth card would bring that no split of the launcher uses', async () => {
    const five = problem('llama-3.2-1b', 'dgx-h100-8', { globalBatchSize: 256 });
    const [group] = five.cluster.groups;
    const cluster = { ...five.cluster, groups: [{ ...group!, gpusPerNode: 5, fastDomainGpus: 5 }] };
    const { result, beside } = await planRun({
      problem: { ...five, cluster },
      options: { top: 1, fix: { counts: { pp: 1 }, techniques: {} }, launcher: launcherOf('megatron')! },
    });
    expect(devicesOf(result.plans[0]!.plan)).toBe(4);
    const { plan, reason, freedoms } = beside.beyond!;
    expect(devicesOf(plan.plan)).toBe(5);
    // No micro-batch is left over, and no copy takes two more than another.
    const { replicas } = plan.plan.pipelines[0]!.stages[0]!;
    const shares = replicas.flatMap(({ count, microBatches: m }) => new Array<number>(count).fill(m));
    expect(Math.max(...shares) - Math.min(...shares)).toBe(1);
    expect(shares.reduce((sum, m) => sum + m, 0) * plan.plan.pipelines[0]!.stages[0]!.microBatchSize).toBe(
      256,
    );
    expect(plan.estimate.stepSeconds).toBeLessThan(0.95 * result.plans[0]!.estimate.stepSeconds);
    expect(freedoms).toEqual(['unequal micro-batches']);
    expect(reason.rule).toBe('equal-micro-batches');
  });

  it('gives the process a turn whenever it is asked to', async () => {
    let turns = 0;
    await planRun({
      problem: problem('llama-3.1-8b', 'dgx-h100-8'),
      options: { fix, top: 1 },
      pause: async () => {
        turns += 1;
      },
    });
    expect(turns).toBeGreaterThan(0);
  });
});
