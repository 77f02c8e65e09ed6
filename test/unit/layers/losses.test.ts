import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { coefficients } from '../../../src/hardware/coefficients.ts';
import { LOSSES, lossOf } from '../../../src/layers/losses/index.ts';
import type { LossShape } from '../../../src/layers/losses/loss.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { problem } from '../../fixtures/problem.ts';

const BASE: LossShape = {
  tokens: 8192,
  hiddenSize: 2304,
  rows: 256_000,
  elementBytes: 2,
  headTrained: true,
  accumulationFused: true,
  kernel: 'fp32',
  c: coefficients(),
};
const MB = 1e6;

describe('losses as published', () => {
  it('cut cross entropy takes what it makes of gradients: 1,164 MB', () => {
    const { saved, transient } = lossOf('cut').cost(BASE);
    expect((saved + transient) / 2 ** 20).toBeCloseTo(1164, -1.3);
  });

  // linkedin/Liger-Kernel@ead96b6, benchmark/data: weights, their gradient, hidden states and theirs are in the figures too.
  it.each([
    [4096, 4246],
    [8192, 4467],
    [16_384, 4910],
    [32_768, 5795],
  ])('fused linear cross entropy at %i tokens takes %i MB', (tokens, measured) => {
    const shape = { ...BASE, tokens, hiddenSize: 4096, rows: 128_256 };
    const { saved, transient } = lossOf('fused-linear').cost(shape);
    const beside = 4 * shape.hiddenSize * (shape.rows + tokens);
    const error = (saved + transient + beside) / MB / measured - 1;
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(0.06);
  });
});

describe('a loss of logits that ranks share', () => {
  // Log-probabilities, zeros, probabilities and their sum, against logits, log-probabilities and one gradient.
  it.each([
    ['fp32', 16, 12],
    ['fused', 4, 4],
  ] as const)('%s: at its worst %d bytes a logit, on one rank %d', (kernel, shared, alone) => {
    const worst = (overRanks: boolean) => {
      const { saved, transient } = lossOf('stack').cost({ ...BASE, kernel, overRanks });
      return (saved + transient) / BASE.tokens / BASE.rows;
    };
    expect(worst(true)).toBe(shared);
    expect(worst(false)).toBe(alone);
  });
});

describe('logits that a kernel of its own casts to fp32', () => {
  const perLogit = (id: string, kernel: LossShape['kernel']) => {
    const shape = { ...BASE, kernel, castsLogits: true, headTrained: false, tokens: 8192 };
    return lossOf(id).cost(shape).traffic / shape.tokens / shape.rows;
  };

  it('move more than those that a compiler casts in passing', () => {
    expect(perLogit('stack', 'compiled')).toBe(12 + 16);
    expect(perLogit('stack', 'fp32')).toBe(12 + 24);
    expect(perLogit('chunked:8', 'compiled')).toBe(8);
    expect(perLogit('chunked:8', 'fp32')).toBe(perLogit('stack', 'fp32'));
  });
});

describe('losses that store less', () => {
  // Where gradients of weights are small beside logits: tokens of several hidden sizes.
  const shapes = fc.record({
    hiddenSize: fc.constantFrom(1024, 2048, 4096, 8192),
    times: fc.integer({ min: 4, max: 64 }),
    wide: fc.integer({ min: 8, max: 64 }),
    headTrained: fc.boolean(),
  });
  const held = (id: string, shape: LossShape) => {
    const { saved, transient } = lossOf(id).cost(shape);
    return saved + transient;
  };

  it('never need more memory than the plain one', () => {
    fc.assert(
      fc.property(shapes, ({ hiddenSize, times, wide, headTrained }) => {
        const shape = {
          ...BASE,
          hiddenSize,
          tokens: times * hiddenSize,
          rows: wide * hiddenSize,
          headTrained,
        };
        for (const { id } of LOSSES)
          if (id !== 'fp32-shifted') expect(held(id, shape), id).toBeLessThanOrEqual(held('fp32', shape));
      }),
    );
  });

  it('makes a gradient of the head for each chunk where multiplications do not add to the sum themselves', () => {
    const shape = { ...BASE, tokens: 8192, hiddenSize: 4096, rows: 128_256 };
    const apart = held('chunked:8', { ...shape, accumulationFused: false }) - held('chunked:8', shape);
    expect(apart).toBe(2 * shape.rows * shape.hiddenSize);
    expect(held('chunked:8', { ...shape, accumulationFused: false, headTrained: false })).toBe(
      held('chunked:8', { ...shape, headTrained: false }),
    );
  });

  it('hold less in more chunks, and move more', () => {
    fc.assert(
      fc.property(shapes, ({ hiddenSize, times, wide, headTrained }) => {
        const shape = {
          ...BASE,
          hiddenSize,
          tokens: times * hiddenSize,
          rows: wide * hiddenSize,
          headTrained,
        };
        const costs = [2, 4, 8, 16, 32, 64].map((n) => lossOf(`chunked:${n}`).cost(shape));
        for (const [i, one] of costs.slice(1).entries()) {
          expect(one.transient).toBeLessThan(costs[i]!.transient);
          expect(one.traffic).toBeGreaterThanOrEqual(costs[i]!.traffic);
        }
      }),
    );
  });
});

describe('a plan with a loss of its own', () => {
  const of = (loss: string) => {
    const p = problem(
      'llama-3.1-8b',
      'dgx-h100-8',
      { sequenceLength: 32_768, globalBatchSize: 8 },
      'torch-fsdp2',
    );
    const configured = planOf(p, parseConfiguration(`tp=1,dp=8,zero=3,recompute=full,loss=${loss}`));
    if ('rule' in configured) throw new Error(configured.actual);
    return estimate(p, configured.plan);
  };

  it('fits where whole logits do not', () => {
    expect(of('stack').verdict).toBe('does-not-fit');
    for (const loss of ['chunked:8', 'fused-linear', 'cut']) expect(of(loss).verdict, loss).toBe('fits');
  });

  it('pays for what it works out again, and for gradients that it adds up', () => {
    const time = (loss: string) => of(loss).stepSeconds;
    expect(time('chunked:64')).toBeGreaterThan(time('chunked:2'));
    expect(of('cut').time).not.toEqual(of('stack').time);
  });

  it('is refused where it cannot work', () => {
    const p = problem('llama-3.1-8b', 'dgx-h100-8', { globalBatchSize: 8 });
    const refused = (text: string) => planOf(p, parseConfiguration(text));
    expect(refused('tp=2,dp=4,loss=fused-linear')).toMatchObject({
      rule: 'loss',
      actual: 'loss=fused-linear with tp=2',
    });
    const odd = problem('llama-3.1-8b', 'dgx-h100-8', { sequenceLength: 1000, globalBatchSize: 8 });
    expect(planOf(odd, parseConfiguration('tp=1,dp=8,loss=chunked:64'))).toMatchObject({ rule: 'loss' });
  });
});
