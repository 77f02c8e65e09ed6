import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { total } from '../../src/domain/estimate.ts';
import type { Packing } from '../../src/domain/packing.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { parseConfiguration } from '../../src/plan-text/configuration.ts';
import { planOf } from '../../src/plan-text/plan-of.ts';
import { problem } from '../fixtures/problem.ts';

const EQUAL: Packing = {
  meanLength: 2048,
  meanSquare: 2048 ** 2,
  deviation: 0,
  separate: true,
  padding: 0,
  assumed: [],
};

function estimated(on: Problem, configuration: string) {
  const configured = planOf(on, parseConfiguration(configuration));
  if ('rule' in configured) throw new Error(configured.actual);
  const { verdict, weakestProvenance, assumptions, ...figures } = estimate(on, configured.plan);
  return figures;
}

/** Kernels of short samples start more often, for at most this share of a step. */
const START_UP = 0.01;

/** Thread blocks are counted whole, and in whole waves: a little less to attend to may take one wave more. */
function withoutWaves(on: Problem): Problem {
  const groups = on.cluster.groups.map((group) => ({
    ...group,
    gpu: { ...group.gpu, attention: { ...group.gpu.attention, waveQuantisation: 0 } },
  }));
  return { ...on, cluster: { ...on.cluster, groups } };
}

const MODELS = ['llama-3.1-8b', 'deepseek-v2-lite', 'gpt-oss-20b', 'mixtral-8x7b'] as const;
const SPLITS = ['tp=1,dp=8,zero=3', 'tp=2,pp=2,dp=2,recompute=full', 'tp=2,dp=2,cp=2,zero=1'] as const;

describe('packed samples', () => {
  it('of one length are the sequences of that length, to the last digit', () => {
    for (const model of MODELS)
      for (const split of SPLITS) {
        if (model === 'gpt-oss-20b' && split.includes('cp=2')) continue;
        for (const packed of [1, 2, 4]) {
          const length = 2048;
          const together = problem(model, 'dgx-h100-8', {
            sequenceLength: packed * length,
            globalBatchSize: 16,
            packing: EQUAL,
          });
          const apart = problem(model, 'dgx-h100-8', {
            sequenceLength: length,
            globalBatchSize: 16 * packed,
          });
          expect(estimated(together, `${split},micro-batch=1`), `${model} ${split} ${packed}`).toEqual(
            estimated(apart, `${split},micro-batch=${packed}`),
          );
        }
      }
  });

  it('without cu_seqlens attend to the whole sequence: as without packing, but for padding', () => {
    const plain = problem('llama-3.1-8b', 'dgx-h100-8', { sequenceLength: 8192, globalBatchSize: 16 });
    const whole = { ...plain, workload: { ...plain.workload, packing: { ...EQUAL, separate: false } } };
    expect(estimated(whole, SPLITS[0])).toEqual(estimated(plain, SPLITS[0]));
  });

  const lengths = fc.record({
    mean: fc.double({ min: 100, max: 4000, noNaN: true }),
    ratio: fc.double({ min: 1, max: 2, noNaN: true }),
    deviation: fc.double({ min: 0, max: 0.3, noNaN: true }),
    padding: fc.double({ min: 0, max: 0.3, noNaN: true }),
    split: fc.constantFrom(...SPLITS),
  });

  it('never take longer than whole sequences; parts still sum; the more they differ, the longer copies wait', () => {
    const plain = withoutWaves(
      problem('llama-3.1-8b', 'dgx-h100-8', { sequenceLength: 8192, globalBatchSize: 16 }),
    );
    fc.assert(
      fc.property(lengths, ({ mean, ratio, deviation, padding, split }) => {
        const packing = {
          ...EQUAL,
          meanLength: mean,
          meanSquare: ratio * mean ** 2,
          deviation: deviation * ratio * mean ** 2,
          padding,
        };
        const on = (over: Partial<Packing>) =>
          estimated({ ...plain, workload: { ...plain.workload, packing: { ...packing, ...over } } }, split);
        const found = on({});
        expect(Math.abs(total(found.time) / found.stepSeconds - 1)).toBeLessThan(1e-12);
        expect(found.stepSeconds).toBeLessThan(estimated(plain, split).stepSeconds * (1 + START_UP));
        expect(on({ deviation: 2 * packing.deviation }).stepSeconds).toBeGreaterThanOrEqual(
          found.stepSeconds,
        );
        expect(found.stages.map(({ memory }) => memory.deviceBytes)).toEqual(
          estimated(plain, split).stages.map(({ memory }) => memory.deviceBytes),
        );
      }),
      { numRuns: 40 },
    );
  });
});
