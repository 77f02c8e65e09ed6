import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { total } from '../../src/domain/estimate.ts';
import type { Plan } from '../../src/domain/plan.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { OPTIMIZERS } from '../../src/optimizers/index.ts';
import { type ChosenOptimizer, optimizerText, parseOptimizer } from '../../src/plan-text/optimizer-text.ts';
import { problem } from '../fixtures/problem.ts';
import { planned } from '../unit/frameworks/fixture.ts';

const text = fc
  .constantFrom(...OPTIMIZERS)
  .chain(({ id, options }) =>
    fc
      .tuple(
        ...Object.entries(options).map(([key, { values }]) =>
          fc.constantFrom('', ...values).map((value) => (value === '' ? '' : `,${key}=${value}`)),
        ),
      )
      .map((parts) => id + parts.join('')),
  );

const split = fc
  .record({
    tp: fc.constantFrom(1, 2, 4),
    zero: fc.constantFrom(0, 1, 2, 3),
    recompute: fc.constantFrom('none', 'full'),
    stack: fc.constantFrom('generic', 'torch-fsdp2', 'deepspeed', 'megatron-core'),
  })
  .map(({ tp, zero, recompute, stack }) => ({
    stack,
    config: `tp=${tp},dp=${8 / tp},micro-batch=1,zero=${zero},recompute=${recompute}`,
  }));

function costed(chosen: string, { stack, config }: { stack: string; config: string }) {
  const on = problem('llama-3.1-8b', 'dgx-h100-8', parseOptimizer(chosen) as ChosenOptimizer, stack);
  const plan: Plan = planned(on, config);
  const result = estimate(on, plan);
  return { ...result, memory: result.stages[0]!.memory };
}

const check = (property: Parameters<typeof fc.assert>[0]) => fc.assert(property, { numRuns: 60 });

describe('optimizers', () => {
  it('are told as they are typed, once what is usual is left out', () =>
    check(
      fc.property(text, (typed) => {
        const chosen = parseOptimizer(typed) as ChosenOptimizer;
        expect(parseOptimizer(optimizerText(chosen))).toEqual(chosen);
      }),
    ));

  it('leave parts that sum to the whole', () =>
    check(
      fc.property(text, split, (chosen, at) => {
        const { time, stepSeconds, memory } = costed(chosen, at);
        expect(total(time)).toBeCloseTo(stepSeconds, 9);
        expect(total(memory.allocated)).toBeCloseTo(memory.allocatedBytes, 0);
      }),
    ));

  it('never need more memory with narrower moments', () =>
    check(
      fc.property(split, (at) => {
        const bytes = (chosen: string) => costed(chosen, at).memory.deviceBytes;
        const wide = bytes('adamw,moments=fp32');
        const half = bytes('adamw,moments=bf16');
        const eight = bytes('adamw-8bit');
        expect(half).toBeLessThanOrEqual(wide);
        expect(eight).toBeLessThanOrEqual(half);
        expect(bytes('adamw,master=none')).toBeLessThanOrEqual(wide);
        expect(bytes('lion')).toBeLessThanOrEqual(wide);
        expect(bytes('adafactor')).toBeLessThanOrEqual(bytes('lion'));
        expect(bytes('sgd,momentum=off')).toBeLessThanOrEqual(bytes('sgd'));
        expect(wide).toBeLessThanOrEqual(bytes('soap'));
      }),
    ));

  it('never need more memory where each gradient is let go at once, nor more states on more copies', () =>
    check(
      fc.property(text, split, (chosen, { stack, config }) => {
        const on = problem(
          'llama-3.1-8b',
          'dgx-h100-8',
          { ...(parseOptimizer(chosen) as ChosenOptimizer), globalBatchSize: 8 },
          stack,
        );
        if (!config.startsWith('tp=1,')) return;
        const peak = (plan: Plan) => estimate(on, plan).stages[0]!.memory.allocatedBytes;
        const kept = planned(on, config);
        const gone = planned(on, `${config},optimizer-in-backward=true`);
        expect(peak(gone)).toBeLessThanOrEqual(peak(kept));
        if (config.includes('zero=0'))
          expect(peak(planned(on, config.replace('zero=0', 'zero=1')))).toBeLessThanOrEqual(
            peak(kept) * 1.0001,
          );
      }),
    ));

  it('take no less time with more Newton-Schulz steps, nor where ranks duplicate them', () =>
    check(
      fc.property(split, (at) => {
        const seconds = (chosen: string) => costed(chosen, at).time.optimizer!;
        expect(seconds('muon,steps=5')).toBeGreaterThan(seconds('muon,steps=3'));
        expect(seconds('muon')).toBeGreaterThanOrEqual(seconds('muon,tp=blockwise'));
        expect(seconds('muon,tp=blockwise')).toBeGreaterThan(seconds('adamw'));
      }),
    ));
});
