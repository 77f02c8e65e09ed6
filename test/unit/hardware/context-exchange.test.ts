import { describe, expect, it } from 'vitest';
import type { BesideModel } from '../../../src/domain/beside-model.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import type { Stack } from '../../../src/domain/stack.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { softmax } from '../../../src/layers/mixers/softmax.ts';
import { withinSequence } from '../../../src/layers/within-sequence.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { contextExchange } from '../../../src/techniques/context-exchange.ts';
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

describe('a sliding window under context parallelism', () => {
  const length = 16_384;
  const on = (model: string, stack?: string, sequenceLength = length) =>
    problem(model, 'dgx-h100-64', { sequenceLength, globalBatchSize: 64 }, stack);
  const outcomeOf = (given: Problem, cp: number, kind: string) =>
    planOf(
      { ...given, model: withinSequence(given.model, given.workload.sequenceLength) },
      parseConfiguration(`tp=1,cp=${cp},dp=${64 / cp},micro-batch=1,recompute=full,cp-comm=${kind},zero=3`),
    );
  const estimated = (given: Problem, cp: number, kind = 'stack') => {
    const found = outcomeOf(given, cp, kind);
    if ('rule' in found) throw new Error(`${found.actual}: ${found.limit}`);
    return estimate(given, found.plan);
  };

  it.each([
    ['megatron-core', 'stack'],
    ['torch-fsdp2', 'p2p'],
    ['megatron-core', 'a2a+p2p:2'],
  ])('is refused in a ring: stack %s, cp-comm=%s', (stack, kind) => {
    expect(outcomeOf(on('gpt-oss-20b', stack), 4, kind)).toMatchObject({
      rule: 'context-parallel-sliding-window',
      limit: expect.stringContaining('cp-comm=a2a or all-gather'),
      hint: 'Maybe cp-comm=a2a.',
    });
  });

  it.each([
    ['megatron-core', 'a2a'],
    ['megatron-core', 'all-gather'],
    ['torch-fsdp2', 'stack'],
    ['deepspeed', 'stack'],
  ])('runs where its keys come at once: stack %s, cp-comm=%s', (stack, kind) => {
    expect(outcomeOf(on('gemma-3-27b', stack), 4, kind)).toHaveProperty('plan');
  });

  it('is told of gathered keys where an all-to-all has no heads to give', () => {
    // 28 heads over 8 ranks.
    const given = on('qwen2.5-7b');
    const kinds = given.model.kinds.map((kind) => ({
      ...kind,
      mixer: softmax.is(kind.mixer) ? { ...kind.mixer, slidingWindow: 1024 } : kind.mixer,
    }));
    const sliding = { ...given, model: { ...given.model, kinds } };
    expect(outcomeOf(sliding, 8, 'stack')).toHaveProperty('hint', 'Maybe cp-comm=all-gather.');
    expect(contextExchange.choices!(sliding, { ...plan.dims, tp: 1, pp: 1, cp: 8, dpShard: 8 })).toEqual([
      'all-gather',
    ]);
  });

  it('is seen in a model beside the trained one, where it is split as well', () => {
    const given = on('llama-3.1-8b');
    const beside = (whole: boolean) => ({
      ...given,
      workload: {
        ...given.workload,
        models: [
          {
            ...{
              role: 'reference',
              name: 'gpt-oss-20b',
              trained: false,
              offloaded: false,
              precision: 'bf16',
            },
            ...{ model: on('gpt-oss-20b').model, whole },
          } as BesideModel,
        ],
      },
    });
    expect(outcomeOf(beside(false), 2, 'p2p')).toHaveProperty('rule', 'context-parallel-sliding-window');
    expect(outcomeOf(beside(true), 2, 'p2p')).toHaveProperty('plan');
  });

  it('that never binds is in no ring’s way, and costs what none costs', () => {
    const time = (kind: string) => estimated(on('gemma-2-9b', 'megatron-core', 4096), 2, kind).time;
    expect(time('stack')).toEqual(time('p2p'));
  });

  it.each(['a2a', 'all-gather'])('gives each rank of %s its share of attention', (kind) => {
    // As many tokens on a GPU, in as many kernels: parts of sequences, or sequences half as many.
    const given = on('gpt-oss-20b');
    const whole = estimated(given, 1).time.attention!;
    for (const cp of [2, 4, 8])
      expect(Math.abs(estimated(given, cp, kind).time.attention! / whole - 1)).toBeLessThan(0.05);
  });

  it('has all of its keys and values gathered, as attention without one', () => {
    const given = on('gpt-oss-20b', 'torch-fsdp2');
    const kinds = given.model.kinds.map((kind) => ({
      ...kind,
      mixer: softmax.is(kind.mixer) ? { ...kind.mixer, slidingWindow: null } : kind.mixer,
    }));
    const full = { ...given, model: { ...given.model, kinds } };
    const [windows, none] = [given, full].map((one) => estimated(one, 4));
    const part = 'context-parallel communication';
    expect(windows!.time[part]).toBeCloseTo(none!.time[part]!, 6);
    expect(windows!.stages[0]!.memory.allocatedBytes).toBe(none!.stages[0]!.memory.allocatedBytes);
    expect(windows!.time.attention).toBeLessThan(none!.time.attention!);
  });
});
