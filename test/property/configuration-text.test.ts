import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../src/plan-text/configuration.ts';
import { planOf } from '../../src/plan-text/plan-of.ts';
import { planText } from '../../src/plan-text/text.ts';
import { search } from '../../src/search/search.ts';
import { DEFAULT_OPTIONS } from '../../src/search/space/options.ts';
import { planned, problemOf } from '../unit/frameworks/fixture.ts';

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
