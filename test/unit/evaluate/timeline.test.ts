import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/domain/plan.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { timelineOf } from '../../../src/evaluate/timeline.ts';
import { DENSE, inTwo, MIXED, planned } from '../frameworks/fixture.ts';

const UNEVEN = planned(MIXED, 'tp=8,pp=4,dp=2,layers=26/26/14/14');
const PLANS: readonly (readonly [string, Problem, Plan])[] = [
  ['1f1b', MIXED, UNEVEN],
  ['unlike pipelines', MIXED, inTwo(UNEVEN)],
  ['interleaved', MIXED, planned(MIXED, 'tp=4,cp=2,pp=4,dp=2,vpp=2')],
  ['zb-h1', DENSE, planned(DENSE, 'tp=8,pp=4,dp=2,schedule=zb-h1')],
  ['zb-v', DENSE, planned(DENSE, 'tp=8,pp=4,dp=2,vpp=2,schedule=zb-v,recompute=full')],
  ['dualpipe', DENSE, planned(DENSE, 'tp=8,pp=4,dp=2,vpp=2,schedule=dualpipe,recompute=full')],
  ['gpipe', DENSE, planned(DENSE, 'tp=8,pp=4,dp=2,schedule=gpipe,recompute=full')],
  ['one stage', DENSE, planned(DENSE, 'tp=8,dp=8,zero=3,recompute=full')],
];

describe.each(PLANS)('the timeline of %s', (_, problem, plan) => {
  const costed = estimate(problem, plan);
  const timeline = timelineOf(problem, plan);

  it('ends with the step', () => {
    expect(timeline.seconds / costed.stepSeconds).toBeCloseTo(1, 9);
    for (const { passes } of timeline.rows)
      for (const { to } of passes) expect(to).toBeLessThanOrEqual(costed.stepSeconds * (1 + 1e-12));
  });

  it('has each pass of each micro-batch once, one after the other', () => {
    for (const { passes, pipeline } of timeline.rows) {
      const keys = passes.map(({ kind, microBatch, chunk }) => `${kind} ${microBatch} ${chunk}`);
      expect(new Set(keys).size).toBe(keys.length);
      const { microBatches, of } = timeline.drawn[pipeline]!;
      expect(microBatches).toBe(of);
      expect(new Set(passes.map(({ microBatch }) => microBatch)).size).toBe(of);
      for (const [i, one] of passes.entries()) {
        const before = passes[i - 1];
        if (before !== undefined && !one.beside) expect(one.from).toBeGreaterThanOrEqual(before.to - 1e-12);
      }
    }
  });

  it('sends before it receives', () => {
    for (const row of timeline.rows)
      for (const { from, to, microBatch, kind, fromRow } of row.transfers) {
        expect(to).toBeGreaterThan(from);
        const sender = timeline.rows.find((one) => one.pipeline === row.pipeline && one.index === fromRow)!;
        expect(
          sender.passes.some((one) => one.microBatch === microBatch && one.kind === kind && one.to === from),
        ).toBe(true);
      }
  });

  it('reaches the peak of the memory walk and no more', () => {
    for (const { memory, pipeline, index } of timeline.rows) {
      const stages = costed.stages.filter((one) => one.pipeline === pipeline && one.stage === index);
      const peak = Math.max(...stages.map((one) => one.memory.allocatedBytes));
      const highest = Math.max(...memory.map(({ bytes }) => bytes));
      expect(highest).toBeLessThanOrEqual(peak * (1 + 1e-9));
      expect(highest).toBeGreaterThan(0.98 * peak);
    }
  });

  it('is cut to whole rounds where it is too long', () => {
    const short = timelineOf(problem, plan, 100);
    const most = 2 * plan.pipelines[0]!.stages.length;
    for (const { microBatches, of } of short.drawn) {
      expect(microBatches).toBeLessThanOrEqual(of);
      expect(microBatches).toBeGreaterThan(0);
      expect((of - microBatches) % plan.pipelines[0]!.stages.length).toBe(0);
      expect(microBatches).toBeLessThanOrEqual(Math.max(most + 1, 100));
    }
  });
});

it('has a row for each GPU to which stages are dealt', () => {
  const plan = planned(DENSE, 'dp=8,groups=h100:8,dispatch=sync');
  const timeline = timelineOf(DENSE, plan);
  expect(timeline.rows.map(({ of, index }) => `${of} ${index}`)).toEqual(
    Array.from({ length: 8 }, (_, i) => `gpu ${i}`),
  );
  expect(timeline.seconds / estimate(DENSE, plan).stepSeconds).toBeCloseTo(1, 9);
});
