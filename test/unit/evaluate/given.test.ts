import { describe, expect, it } from 'vitest';
import type { LayerKind } from '../../../src/domain/model.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { planLaw } from '../../../src/laws/plan.ts';
import type { GivenLayer } from '../../../src/layers/whole/given.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { problem } from '../../fixtures/problem.ts';
import { planned } from '../frameworks/fixture.ts';

const BASE = problem(
  'clip-vit-l-14',
  'dgx-h100-8',
  { sequenceLength: 1, globalBatchSize: 64, precision: 'fp16' },
  'generic',
);

const LAYER: GivenLayer = {
  kind: 'given',
  parameters: 1_000_000,
  flops: 1e12,
  movedBytes: 0,
  launches: 0,
  times: {},
  inputBytes: 1e6,
  savedBytes: 3e6,
  outputBytes: 1e6,
};

/** Eight layers, each like that but for the change. */
function layers(change: (i: number) => Partial<GivenLayer>): Problem {
  const kinds = Array.from({ length: 8 }, (_, i): LayerKind => {
    const mixer: GivenLayer = { ...LAYER, ...change(i) };
    return { name: `layer-${i}`, mixer, ffn: null };
  });
  return { ...BASE, model: { ...BASE.model, kinds, layers: kinds.map((_, i) => i) } };
}

const costed = (p: Problem, config: string) => estimate(p, planned(p, config));

const TIMES = { 'h100-sxm': { forward: 0.002, backward: 0.005 } };

describe('layers given by their figures', () => {
  it('take the time that was measured, of each sample', () => {
    const { time } = costed(
      layers(() => ({ times: TIMES })),
      'pp=1,dp=8,micro-batch=2,zero=0',
    );
    // Eight layers of eight samples a GPU.
    const compute = Object.values(time).reduce((sum, seconds) => sum + seconds, 0);
    expect(compute).toBeGreaterThan(64 * 0.007 * 0.999);
    expect(compute).toBeLessThan(64 * 0.007 * 1.1);
  });

  it('take the longer the more FLOPs and bytes they have', () => {
    const step = (over: Partial<GivenLayer>) =>
      costed(
        layers(() => over),
        'pp=1,dp=8,micro-batch=8',
      ).stepSeconds;
    expect(step({ flops: 2e12 }) / step({})).toBeGreaterThan(1.8);
    expect(step({ movedBytes: 1e9 })).toBeGreaterThan(step({}));
    expect(step({ launches: 1000 })).toBeGreaterThan(step({}));
  });

  it('keep what they say of each sample in flight; recomputed, their inputs', () => {
    const kept = (config: string) =>
      costed(
        layers(() => ({})),
        `pp=1,dp=8,micro-batch=8,zero=0,${config}`,
      ).stages[0]!.memory.allocated.activations!;
    expect(kept('recompute=none')).toBeCloseTo(8 * 8 * 4e6, -3);
    expect(kept('recompute=full')).toBeCloseTo(8 * 8 * 1e6, -3);
  });

  it('send from stage to stage what the last one of a stage passes on', () => {
    const p = layers((i) => ({ outputBytes: i === 3 ? 4e7 : 1e6 }));
    const sent = (cut: string) =>
      costed(p, `pp=2,dp=1,micro-batch=8,layers=${cut}`).time['pipeline transfers']!;
    expect(sent('4/4') / sent('5/3')).toBeGreaterThan(10);
    expect(sent('5/3')).toBeCloseTo(sent('3/5'), 9);
  });

  it('stand as a layer profile measured them, by their names, and lack no ends', () => {
    const points = [{ microBatch: 8, forwardSeconds: 0.016, backwardSeconds: 0.04, savedBytes: null }];
    const split = { tensorParallel: 1, contextParallel: 1, expertParallel: 1, expertTensorParallel: 1 };
    const entries = Array.from({ length: 8 }, (_, i) => ({
      ...({ ...split, sequenceLength: 1, gpu: 'h100-sxm', part: 'layer', layerKind: `layer-${i}` } as const),
      ...({ precision: 'fp16', points } as const),
    }));
    const profiled: Problem = { ...layers(() => ({})), layerProfile: { name: 'mine', entries } };
    const { time, assumptions } = costed(profiled, 'pp=1,dp=8,micro-batch=8,zero=0');
    expect(time['layers as measured']).toBeCloseTo(8 * 0.056, 6);
    expect(assumptions.join()).not.toMatch(/embedding|head|mine/);
  });

  it.each([
    ['tp=2,pp=1,dp=4', /given-layers.*tp=2/],
    ['cp=2,pp=1,dp=4', /given-layers.*cp=2/],
    ['ep=2,pp=1,dp=8', /given-layers.*ep=2|experts/],
    ['pp=2,dp=4,vocabulary=vocab-1', /vocabulary.*no decoder/],
    ['pp=2,dp=4,boundary-compression=8', /boundary-compression.*no decoder/],
    ['pp=1,dp=8,loss=cut', /loss.*no decoder/],
    ['pp=1,dp=8,recompute=layernorm', /recompute.*no parts are known/],
  ])('refuse %s by name', (config, message) => {
    const p = layers(() => ({}));
    const outcome = planOf(p, parseConfiguration(`${config},micro-batch=1`));
    const reason = 'rule' in outcome ? outcome : planLaw(p, outcome.plan);
    expect(JSON.stringify(reason)).toMatch(message);
  });

  it('are of no GPU that times were not measured on', () => {
    const on = (gpu: string) => layers(() => ({ times: { [gpu]: TIMES['h100-sxm'] } }));
    const config = 'pp=1,dp=8,micro-batch=1';
    const plan = planned(on('h100-sxm'), config);
    expect(planLaw(on('h100-sxm'), plan)).toBeNull();
    expect(planLaw(on('a100-80-sxm'), plan)).toMatchObject({
      rule: 'given-times',
      limit: expect.stringContaining('h100-sxm'),
    });
  });

  it('say that FLOPs are no times, and have a wider band for it', () => {
    const config = 'pp=1,dp=8,micro-batch=1';
    const [measured, counted] = [layers(() => ({ times: TIMES })), layers(() => ({}))].map((p) =>
      estimate(p, planned(p, config)),
    );
    expect(counted!.assumptions.join()).toContain('given layers: times not stated');
    expect(measured!.assumptions.join()).not.toContain('given layers');
    expect(counted!.band).toBeGreaterThan(measured!.band + 0.1);
  });
});
