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

describe('cp-comm', () => {
  const of = (kind: string, cp = 8, model = 'llama-3.1-8b') => {
    const on = problem(model, 'dgx-h100-64', { sequenceLength: 65_536, globalBatchSize: 64 });
    return planOf(on, parseConfiguration(`tp=1,cp=${cp},dp=${64 / cp},micro-batch=1,cp-comm=${kind},zero=3`));
  };
  const timed = (kind: string, cp = 8) => {
    const found = of(kind, cp);
    if ('rule' in found) throw new Error(found.actual);
    return estimate(base, found.plan);
  };
  const communication = (kind: string, cp?: number) =>
    timed(kind, cp).time['context-parallel communication']!;

  it('says what the stack does by itself', () => {
    expect(timed('p2p').time).toEqual(timed('stack').time);
  });

  it('swaps heads over all ranks, or inside a host and rings between hosts', () => {
    // Over two hosts: an all-to-all of sixteen crosses the network, of eight it does not.
    const [a2a, both, ring] = ['a2a', 'a2a+p2p:8', 'p2p'].map((kind) => communication(kind, 16));
    expect(both).toBeLessThan(a2a!);
    expect(both).toBeGreaterThan(0);
    expect(ring).toBeGreaterThan(0);
    // Of fewer steps each is longer: less is lost to starting them.
    expect(timed('a2a').time.attention).toBeLessThan(timed('p2p').time.attention!);
  });

  it('holds all keys and values where they are gathered, and no more elsewhere', () => {
    const bytes = (kind: string) => timed(kind).stages[0]!.memory.allocatedBytes;
    expect(bytes('all-gather')).toBeGreaterThanOrEqual(bytes('p2p'));
    expect(bytes('a2a')).toBe(bytes('p2p'));
  });

  it.each([
    ['a2a', 64, 'llama-3.1-8b', /32 heads on a rank/],
    ['a2a+p2p:8', 8, 'llama-3.1-8b', /cp-comm=a2a\+p2p:8 with cp=8/],
    ['a2a', 1, 'llama-3.1-8b', /with cp=1/],
    ['a2a', 8, 'qwen2.5-7b', /28 heads on a rank/],
  ])('refuses %s over %i ranks of %s', (kind, cp, model, message) => {
    const found = of(kind, cp, model);
    expect('rule' in found && found.rule).toBe('context-exchange');
    expect('rule' in found && found.actual).toMatch(message);
  });
});
