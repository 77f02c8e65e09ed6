import { describe, expect, it } from 'vitest';
import type { MemoryEstimate } from '../../../src/domain/estimate.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { type ChosenOptimizer, parseOptimizer } from '../../../src/plan-text/optimizer-text.ts';
import { problem } from '../../fixtures/problem.ts';
import { planned } from '../frameworks/fixture.ts';

function costed(text: string, config: string, stack = 'generic', model = 'llama-3.1-8b') {
  const chosen = parseOptimizer(text) as ChosenOptimizer;
  const on = problem(model, 'dgx-h100-8', chosen, stack);
  const { stages, time, stepSeconds } = estimate(on, planned(on, config));
  return { memory: stages[0]!.memory, time, stepSeconds };
}

const states = ({ allocated }: MemoryEstimate) => allocated['optimizer states']!;

describe('an optimizer in an estimate', () => {
  const P = 8_030_261_248;

  it('has its states, whole and shared out', () => {
    const whole = states(costed('adamw', 'tp=8,zero=0').memory);
    const eight = states(costed('adamw-8bit', 'tp=8,zero=0').memory);
    expect(whole).toBeGreaterThan((12 * P) / 8);
    expect(whole).toBeLessThan((12 * P) / 8 + 2 ** 27);
    expect(eight / whole).toBeCloseTo(6.03125 / 12, 3);
    expect(states(costed('adamw', 'dp=8,zero=1').memory)).toBeCloseTo((12 * P) / 8, -6);
  });

  it('of bf16 alone has weights, gradients and moments of 2 bytes whatever the stack', () => {
    for (const stack of ['generic', 'torch-fsdp2', 'megatron-core']) {
      const { allocated } = costed('adamw,master=none', 'tp=8,zero=0', stack).memory;
      expect(allocated.weights! / allocated.gradients!).toBeCloseTo(1, 9);
      expect(allocated['optimizer states']! / allocated.weights!).toBeCloseTo(2, 9);
    }
  });

  it('sends gradients in the format it has them in', () => {
    const wide = costed('adamw,gradients=fp32', 'dp=8,zero=1', 'deepspeed');
    const narrow = costed('adamw,gradients=bf16', 'dp=8,zero=1', 'deepspeed');
    expect(narrow.memory.allocated.gradients! * 2).toBeCloseTo(wide.memory.allocated.gradients!, 0);
    expect(narrow.time['gradient reduction']!).toBeLessThan(wide.time['gradient reduction']!);
  });

  it('never has a part of a matrix where it works on whole ones', () => {
    const shared = costed('muon', 'dp=8,zero=1');
    const alone = costed('muon', 'tp=8,zero=0');
    const table = 12 * 128256 * 4096;
    // The rank with most has at least the table, and no more than it beyond an equal share.
    const mean = (8 * (P - 2 * 128256 * 4096) + 2 * table) / 8;
    expect(states(shared.memory)).toBeGreaterThan(mean);
    expect(states(shared.memory)).toBeLessThan(mean + table);
    expect(states(alone.memory)).toBeCloseTo(mean, -8);
    // All gradients to each rank, where AdamW needs a share alone.
    expect(shared.time['gradient reduction']!).toBeGreaterThan(
      1.4 * costed('adamw', 'dp=8,zero=1').time['gradient reduction']!,
    );
  });

  it('duplicates Newton-Schulz over tensor parallelism, or shares it', () => {
    const seconds = (text: string) => costed(text, 'tp=4,dp=2,zero=1').time.optimizer!;
    expect(seconds('muon')).toBeGreaterThan(seconds('muon,tp=distributed'));
    expect(seconds('muon,tp=distributed')).toBeGreaterThan(seconds('muon,tp=blockwise'));
    expect(seconds('muon,tp=blockwise')).toBeGreaterThan(seconds('adamw'));
  });

  it('works on the layers of each stage, whichever ends of the model it has', () => {
    const seconds = (config: string) => costed('muon', `tp=2,${config},zero=0`).time.optimizer!;
    // The stage with most layers ends last: 16 of 32, then 8 of 32, with neither embedding nor head perhaps.
    expect(seconds('pp=2,dp=2') / seconds('pp=4,dp=1')).toBeCloseTo(2, 1);
    expect(seconds('pp=4,dp=1,layers=4/12/12/4') / seconds('pp=4,dp=1')).toBeCloseTo(1.5, 1);
  });

  it('works on experts too', () => {
    const { memory, time } = costed('muon', 'tp=1,ep=8,dp=8,zero=1', 'generic', 'qwen3-30b-a3b');
    const adam = costed('adamw', 'tp=1,ep=8,dp=8,zero=1', 'generic', 'qwen3-30b-a3b');
    expect(states(memory)).toBeLessThan(states(adam.memory));
    expect(time.optimizer!).toBeGreaterThan(adam.time.optimizer!);
  });
});
