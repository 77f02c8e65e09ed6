import { describe, expect, it } from 'vitest';
import type { Stack } from '../../../src/domain/stack.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { softmax } from '../../../src/layers/mixers/softmax.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { problem } from '../../fixtures/problem.ts';

const base = problem('llama-3.1-8b', 'dgx-h100-64', { sequenceLength: 65_536, globalBatchSize: 16 });
const outcome = planOf(base, parseConfiguration('tp=1,cp=8,dp=8,micro-batch=1,recompute=full,sharding=3'));
if ('rule' in outcome) throw new Error(outcome.rule);
const { plan } = outcome;

const context = (contextExchange: Stack['contextExchange'], kvHeads = 8) => {
  const kinds = base.model.kinds.map((kind) => ({
    ...kind,
    mixer: softmax.is(kind.mixer) ? { ...kind.mixer, kvHeads } : kind.mixer,
  }));
  const given = { ...base, model: { ...base.model, kinds }, stack: { ...base.stack, contextExchange } };
  return estimate(given, plan).time['context-parallel communication']!;
};

describe('context-parallel communication', () => {
  it('a ring hides behind long attention, gathers and all-to-alls do not', () => {
    expect(context('all-gather')).toBeGreaterThan(context('ring'));
    expect(context('all-to-all')).toBeGreaterThan(0);
  });

  it('gathering grows with the key-value heads, all-to-all hardly does', () => {
    expect(context('all-gather', 32) / context('all-gather', 8)).toBeGreaterThan(2.5);
    expect(context('all-to-all', 32) / context('all-to-all', 8)).toBeLessThan(2.5);
  });
});
