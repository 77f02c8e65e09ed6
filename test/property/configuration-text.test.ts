import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/domain/input-error.ts';
import { parseConfiguration } from '../../src/plan-text/configuration.ts';
import { planOf } from '../../src/plan-text/plan-of.ts';
import { planText } from '../../src/plan-text/text.ts';
import { search } from '../../src/search/search.ts';
import { DEFAULT_OPTIONS } from '../../src/search/space/options.ts';
import { MIXED, planned, problemOf } from '../unit/frameworks/fixture.ts';

describe('what plan prints as configuration, typed after --config, is the same plan', () => {
  it.each([
    ['llama-3.1-8b', 'mixed-consumer-datacentre', 'micro-batch=1,cp=1,tp=2,zero=1'],
    ['llama-3.1-8b', 'mixed-consumer-datacentre', 'vpp=2,cp=1,tp=2,micro-batch=1'],
    ['llama-3.1-70b', 'mixed-32xh100-32xa100-40gb', 'tp=8,micro-batch=1,cp=1'],
    ['llama-3.1-70b', 'dgx-h100-64', 'tp=4,cp=1'],
    ['mixtral-8x7b', 'dgx-h100-64', 'pp=2,tp=2,cp=1'],
  ])('%s on %s, %s', (model, cluster, held) => {
    const problem = problemOf(model, cluster);
    const fix = parseConfiguration(held);
    const { plans } = search(problem, { ...DEFAULT_OPTIONS, top: 40, fix, alikeStages: true });
    expect(plans.length).toBeGreaterThan(3);
    for (const { plan } of plans) {
      const text = planText(problem, plan);
      expect(planned(problem, text), text).toEqual(plan);
    }
  });

  it('unlike pipelines, copies with shares of their own and stages with micro-batches of their own too', () => {
    const { globalBatchSize: batch } = MIXED.workload;
    const texts = [
      `pipelines=26@h100:1x8:${batch / 4}/26@h100:1x8:${batch / 4}/28@a100-40:1x4:${batch / 4}+80@h100:2x4:${(3 * batch) / 8}`,
      `pipelines=40@h100:3x8:${batch / 4}@a100-40:1x8:${batch / 4}/40@a100-40:3x8:${batch / 4}@h100:1x8:${batch / 4}`,
      `pipelines=50@h100:4x4:${batch / 4}/30m2@a100-40:2x8:${batch / 4}`,
      `pipelines=80@h100:3x8:${batch / 16}m4@a100-40:4x8:${batch / 16}`,
      `pipelines=80@h100:4x8:${batch / 8}s3@a100-40:4x8:${batch / 8}s2`,
    ];
    for (const text of texts) {
      const zero = /s\d/.test(text) ? 1 : 0;
      const plan = planned(MIXED, `${text},cp=1,micro-batch=1,recompute=none,zero=${zero},sp=true`);
      const told = planText(MIXED, plan);
      expect(told).toContain(text);
      expect(planned(MIXED, told)).toEqual(plan);
    }
  });

  it.each([
    ['12@h100:4x8', /LAYERS@GROUP:COPIESxTP:MICROBATCHES/],
    ['12', /LAYERS@GROUP:COPIESxTP:MICROBATCHES/],
  ])('pipelines=%s is no pipeline', (text, expected) => {
    const read = () => parseConfiguration(`pipelines=${text}`);
    expect(read).toThrow(InputError);
    expect(read).toThrow(expected);
  });

  it.each([
    ['80@h200:1x8:64', /has "h200"/],
    ['80@h100:1x8:7', /take 7 sequences/],
    ['40@h100:1x8:64/40@h100:1x8:32', /stage 1 takes 32 sequences/],
    ['80@h100:8x8:64', /GPUs 0 to 63/],
    ['40@h100:2x8:64m2@a100-40:2x8:128/40@h100:2x8:128@a100-40:2x8:128', /micro-batches of 2, 1 sequences/],
    ['80@h100:4x8:64s2@a100-40:4x8:64,zero=0', /nothing sharded/],
  ])('pipelines=%s is refused', (text, message) => {
    const outcome = planOf(MIXED, parseConfiguration(`micro-batch=1,pipelines=${text}`));
    expect('rule' in outcome && outcome.actual).toMatch(message);
  });

  it.each([
    ['groups=a100/a100', /twice/],
    ['groups=h200', /has "h200"/],
    ['groups=rtx4090:999', /rtx4090:999/],
  ])('%s is refused', (text, message) => {
    const problem = problemOf('llama-3.1-8b', 'mixed-consumer-datacentre');
    const outcome = planOf(problem, parseConfiguration(`tp=1,${text}`));
    expect('rule' in outcome && outcome.actual).toMatch(message);
  });
});
