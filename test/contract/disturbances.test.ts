import { describe, expect, it } from 'vitest';
import { DISTURBANCES } from '../../src/disturbances/index.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { fitsOn } from '../../src/evaluate/memory/fits-on.ts';
import { parseConfiguration } from '../../src/plan-text/configuration.ts';
import { planOf } from '../../src/plan-text/plan-of.ts';
import { problem } from '../fixtures/problem.ts';

const SPARSE = problem('mixtral-8x7b', 'dgx-h100-64', { globalBatchSize: 128 });
const DENSE_HOST = problem('llama-3.1-8b', 'dgx-h100-8');

function planned(text: string, p = SPARSE) {
  const outcome = planOf(p, parseConfiguration(text));
  if ('rule' in outcome) throw new Error(outcome.actual);
  return outcome.plan;
}
const PLAN = planned('tp=2,pp=4,dp=8,ep=8,micro-batch=1');
const NOW = estimate(SPARSE, PLAN);

it('has an id each, as JSON names it', () => {
  const ids = DISTURBANCES.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[a-z]+(-[a-z]+)+$/);
});

describe.each(DISTURBANCES)('$name', ({ disturbed, changes }) => {
  it('changes nothing of an estimate but what it says', () => {
    for (const [before, plan] of [
      [SPARSE, PLAN],
      [SPARSE, planned('tp=1,pp=8,dp=8,ep=8,zero=2,schedule=1f1b,micro-batch=2,recompute=full')],
      [DENSE_HOST, planned('tp=2,pp=1,dp=4,offload-optimizer=1', DENSE_HOST)],
      [DENSE_HOST, planned('tp=1,pp=4,dp=2,micro-batch=2', DENSE_HOST)],
    ] as const) {
      const worse = disturbed(before);
      if (worse === null) continue;
      const [now, then] = [estimate(before, plan), estimate(worse, plan)];
      const bytes = ({ stages, hosts }: typeof now) => [
        ...stages.map(({ memory }) => memory.allocatedBytes),
        ...hosts.map((host) => ({ ...host })),
      ];
      if (changes === 'memory') expect(then.stepSeconds).toBe(now.stepSeconds);
      if (changes === 'time') expect(bytes(then)).toEqual(bytes(now));
      if (changes !== 'both') expect(fitsOn(worse, now)).toBe(then.verdict !== 'does-not-fit');
    }
  });

  it('makes no plan faster or smaller, and leaves the problem as it was', () => {
    const before = JSON.stringify(SPARSE);
    const worse = disturbed(SPARSE)!;
    expect(JSON.stringify(SPARSE)).toBe(before);
    const then = estimate(worse, PLAN);
    expect(then.stepSeconds).toBeGreaterThanOrEqual(NOW.stepSeconds);
    const [a, b] = [NOW, then].map(({ stages }) =>
      Math.max(...stages.map(({ memory }) => memory.allocatedBytes)),
    );
    expect(b).toBeGreaterThanOrEqual(a!);
  });

  it('matters: it slows this plan, or takes memory from it', () => {
    const worse = disturbed(SPARSE)!;
    const then = estimate(worse, PLAN);
    const room = ({ stages }: typeof then) => Math.min(...stages.map(({ memory }) => memory.limitBytes));
    const whole = { ...SPARSE, workload: { ...SPARSE.workload, headroom: 0 } };
    expect(
      then.stepSeconds > NOW.stepSeconds * 1.001 || room(then) < room(estimate(whole, PLAN)) * 0.96,
    ).toBe(true);
  });
});

it('leaves out what a problem has not', () => {
  const ids = DISTURBANCES.filter(({ disturbed }) => disturbed(DENSE_HOST) === null).map(({ id }) => id);
  expect(ids).toEqual(['network-at-half-rate', 'network-latency-doubled', 'uneven-experts']);
});

it('stretches stated loads until the busiest expert has 1.3 times its tokens', () => {
  const [even, uneven] = [Array<number>(8).fill(10), [20, 10, 10, 10, 10, 10, 5, 5]];
  const loads = SPARSE.model.layers.map(() => uneven);
  const with_ = (routing: object) =>
    DISTURBANCES.find(({ id }) => id === 'uneven-experts')!.disturbed({
      ...SPARSE,
      workload: { ...SPARSE.workload, routing },
    })!.workload.routing!;
  const [layer] = with_({ loads }).loads!;
  expect(Math.max(...layer!)).toBeCloseTo(26, 9);
  expect(layer!.reduce((a, b) => a + b, 0)).toBeCloseTo(80, 9);
  expect(with_({ loads: SPARSE.model.layers.map(() => even) }).imbalance).toBeGreaterThanOrEqual(1.3);
  expect(with_({ imbalance: 1.2, capacity: 1.5 })).toEqual({ imbalance: 1.2 * 1.3, capacity: 1.5 });
});

it('counts measured layers among what one slow node slows', () => {
  const profile = {
    name: 'measured',
    entries: [
      {
        ...{ gpu: 'h100-sxm', part: 'layer' as const, layerKind: null, precision: null },
        ...{ tensorParallel: 1, contextParallel: 1, expertParallel: 1, expertTensorParallel: 1 },
        sequenceLength: 4096,
        points: [{ microBatch: 1, forwardSeconds: 0.01, backwardSeconds: 0.02, savedBytes: null }],
      },
    ],
  };
  const slow = DISTURBANCES.find(({ id }) => id === 'slow-node')!.disturbed({
    ...DENSE_HOST,
    layerProfile: profile,
  })!;
  expect(slow.layerProfile!.entries[0]!.points[0]!.forwardSeconds).toBeCloseTo(0.011, 9);
});
