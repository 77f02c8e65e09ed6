import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/domain/problem.ts';
import { BY_MEMORY } from '../../../src/search/space/objective.ts';
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
