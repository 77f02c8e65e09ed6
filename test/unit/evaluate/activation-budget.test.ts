import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorBand } from '../../../src/evaluate/error-band.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { LAUNCHERS } from '../../../src/frameworks/index.ts';
import { titanReader } from '../../../src/frameworks/torchtitan/reader.ts';
import { problem } from '../../fixtures/problem.ts';
import { sourceOf } from '../../fixtures/source.ts';
import { planned } from '../frameworks/fixture.ts';

const EAGER = problem(
  'llama-3.1-8b',
  'dgx-h100-8',
  { sequenceLength: 8192, globalBatchSize: 8 },
  'torch-fsdp2',
);
const COMPILED = { ...EAGER, stack: { ...EAGER.stack, compiled: true } };
const SPLIT = 'tp=1,pp=1,dp=8,micro-batch=1,sharding=3,recompute=';
const under = (recompute: string) => {
  const plan = planned(COMPILED, `${SPLIT}${recompute}`);
  const { stepSeconds, time, stages } = estimate(COMPILED, plan);
  const { allocated } = stages[0]!.memory;
  return { plan, stepSeconds, again: time.recomputation!, kept: allocated.activations!, time };
};

describe('an activation budget', () => {
  const [none, full] = [under('none'), under('full')];
  const forward = full.again;

  /**
   * Of a Llama layer (4 heads for each of keys, MLP 3.5 times as wide) traced with torch 2.13's partitioner: the share of what is kept, and of the forward
   * that is run again, the last product left out, which backward does not need and full recomputation here runs.
   */
  it.each([
    [0.7, 0],
    [0.5, 0.294],
    [0.3, 0.5],
    [0.1, 0.706],
  ])('of %d runs again about %d of a forward', (budget, traced) => {
    const { again, kept } = under(`budget:${budget}`);
    expect(again / forward).toBeGreaterThan(traced - 0.05);
    expect(again / forward).toBeLessThan(traced + 0.2);
    const input = 32 * 2 * 8192 * 4096;
    expect((kept - input) / (none.kept - input)).toBeCloseTo(budget, 1);
  });

  it('lies between all and nothing, and less of it is never faster nor larger', () => {
    const share = fc.integer({ min: 1, max: 99 }).map((percent) => percent / 100);
    fc.assert(
      fc.property(share, share, (a, b) => {
        const [less, more] = [under(`budget:${Math.min(a, b)}`), under(`budget:${Math.max(a, b)}`)];
        expect(less.kept).toBeLessThanOrEqual(more.kept * (1 + 1e-9));
        expect(less.again).toBeGreaterThanOrEqual(more.again - 1e-9);
        expect(less.again).toBeLessThanOrEqual(full.again * (1 + 1e-9));
        expect(more.kept).toBeLessThanOrEqual(none.kept * (1 + 1e-9));
        expect(Object.values(less.time).reduce((sum, s) => sum + s, 0)).toBeCloseTo(less.stepSeconds, 9);
      }),
      { numRuns: 30 },
    );
  });

  it('is of a compiled stack, told as assumed, and widens the band', () => {
    expect(() => planned(EAGER, `${SPLIT}budget:0.5`)).toThrow(/activation-budget/);
    const { plan } = under('budget:50%');
    expect(estimate(COMPILED, plan).assumptions.join()).toContain('activation budget 0.5');
    expect(errorBand(COMPILED, plan)).toBeGreaterThan(errorBand(COMPILED, none.plan));
  });

  it('is refused by frameworks by name, but for what only describes a plan', () => {
    const { plan } = under('budget:0.5');
    for (const { id, express, reject } of LAUNCHERS) {
      const reason = reject(COMPILED, plan);
      if (express.techniques.includes('recompute:budget')) expect(reason, id).toBeNull();
      else expect(reason, id).not.toBeNull();
    }
  });

  it.each([
    ['', 'budget:0.5'],
    ['memory_budget=0.3', 'budget:0.3'],
    ['memory_budget=0.0', 'full'],
    ['memory_budget=1.0', 'none'],
  ])('is read from a torchtitan recipe: %s', (given, recompute) => {
    const text = `
def recipe():
    c = llama3_8b()
    c.activation_checkpoint = MemoryBudgetAC.Config(${given})
    c.compile.enable = True
    c.parallelism.tensor_parallel_degree = 1
    return c
`;
    expect(titanReader.read(sourceOf(text, 'plan.py')).asked().configuration).toMatchObject({ recompute });
  });
});
