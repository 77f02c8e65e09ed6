import { describe, expect, it } from 'vitest';
import { allGpus } from '../../../src/catalogue/gpus.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { COEFFICIENT_TABLE, type CoefficientName, coefficients } from '../../../src/hardware/coefficients.ts';
import { gemmSeconds } from '../../../src/hardware/gemm.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { inUse, knobs, onBound } from '../../../tools/fit/knobs.ts';
import { problem } from '../../fixtures/problem.ts';

const c = coefficients();

describe('fitted constants', () => {
  const values = inUse();

  it.each(knobs().map((knob) => [knob.name, knob] as const))(
    '%s: on a bound only with a reason',
    (name, knob) => {
      const value = values[name]!;
      expect(value).toBeGreaterThanOrEqual(knob.low);
      expect(value).toBeLessThanOrEqual(knob.high);
      expect(knob.bound !== undefined).toBe(onBound(knob, value));
    },
  );
});

/** Parts of a whole: no value that the fit may take is above 1. */
const SHARES: readonly CoefficientName[] = [
  'weightGradEfficiency',
  'unfusedBatchedGemm',
  'contention',
  'moeHostSync',
  'intraNodeDerating',
  'networkDerating',
  'networkAllToAll',
  'pipelineExposed',
  'pipelineExposedInterleaved',
  'nvfp4Efficiency',
  'fp8Attention',
  'lossFusion',
];

/** What a lesser kernel, or work beyond the least, costs over it. */
const SURCHARGES: readonly CoefficientName[] = [
  'attentionBackward',
  'flash2BehindFlash3',
  'flash1',
  'slidingWindowAttention',
  'unalignedBatchedGemm',
  'unfusedGlu',
  'fp8Rowwise',
  'hostBackwardFactor',
  'expertImbalance',
];

/** Pairs of which the first is never more than the second. */
const ORDERED: readonly (readonly [CoefficientName, CoefficientName])[] = [
  ['hostUnitsHybridDispatch', 'hostUnitsDispatch'],
  ['pipelineExposedInterleaved', 'pipelineExposed'],
];

describe('physical order', () => {
  it.each(SHARES)('%s is a share', (name) => {
    const [low, high] = COEFFICIENT_TABLE[name].bounds;
    expect(low).toBeGreaterThan(0);
    expect(high).toBeLessThanOrEqual(1);
  });

  it.each(SURCHARGES)('%s never makes faster', (name) => {
    expect(COEFFICIENT_TABLE[name].bounds[0]).toBeGreaterThanOrEqual(1);
  });

  it.each(ORDERED)('%s is at most %s', (less, more) => {
    expect(c[less]).toBeLessThanOrEqual(c[more]);
  });

  it('has no overlap or share of a stack outside 0 to 1, and no sustained clock above a burst', () => {
    for (const { name, low, high } of knobs()) {
      if (name.startsWith('overlap.')) expect([low >= 0, high <= 1]).toEqual([true, true]);
    }
    for (const { sustainedSlowdown } of allGpus()) expect(sustainedSlowdown).toBeGreaterThanOrEqual(1);
  });

  it('takes no longer for a fused cross entropy, whatever the GPU', () => {
    for (const cluster of ['dgx-h100-8', 'mi300x-64']) {
      const base = problem('llama-3.1-8b', cluster);
      const seconds = (lossKernel: 'fused' | 'unfused') => {
        const of = { ...base, stack: { ...base.stack, lossKernel } };
        const outcome = planOf(of, parseConfiguration('tp=2,pp=2'));
        if (!('plan' in outcome)) throw new Error(JSON.stringify(outcome));
        return estimate(of, outcome.plan).stepSeconds;
      };
      expect(seconds('fused')).toBeLessThanOrEqual(seconds('unfused'));
    }
  });

  it('computes no slower in a narrower format, and no faster than its burst', () => {
    const shape = { m: 16384, n: 16384, k: 16384 };
    for (const gpu of allGpus()) {
      const curve = gpu.gemm.fp8;
      if (curve === undefined) continue;
      const fp8 = gemmSeconds(gpu, 'fp8', shape, c);
      expect(fp8).toBeLessThan(gemmSeconds(gpu, 'bf16', shape, c));
      expect(gemmSeconds(gpu, 'fp8-rowwise', shape, c)).toBeGreaterThanOrEqual(fp8);
      const nvfp4 = gemmSeconds(gpu, 'nvfp4', shape, c);
      if (gpu.peakFlops.nvfp4 === undefined) expect(nvfp4).toBe(fp8);
      else expect(nvfp4).toBeLessThan(fp8);
      const ideal = (2 * 16384 ** 3) / (gpu.peakFlops.fp8! * curve.maxEfficiency);
      expect(fp8).toBeGreaterThan(ideal);
    }
  });
});
