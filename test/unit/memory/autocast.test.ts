import { describe, expect, it } from 'vitest';
import type { Stack } from '../../../src/domain/stack.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { problem } from '../../fixtures/problem.ts';
import { planned } from '../frameworks/fixture.ts';

const GiB = 2 ** 30;

function run({ casts, recompute, sequence, zero }: Case, over: Partial<Stack> = {}, more = '') {
  const given = problem(
    'llama-3.1-8b',
    'dgx-h100-8',
    { sequenceLength: sequence, globalBatchSize: 8 },
    'torch-fsdp2',
  );
  const on = { ...given, stack: { ...given.stack, freesGradients: true, casts, ...over } };
  return estimate(
    on,
    planned(on, `tp=1,pp=1,dp=8,micro-batch=1,recompute=${recompute},sharding=${zero}${more}`),
  );
}

interface Case {
  readonly casts: NonNullable<Stack['casts']>;
  readonly recompute: 'none' | 'full';
  readonly sequence: number;
  readonly zero: 2 | 3;
}

/** The fullest GPU without the optimizer's states, GiB. */
function peakOf(one: Case) {
  const { memory } = run(one).stages[0]!;
  return (memory.allocatedBytes - (memory.allocated['optimizer states'] ?? 0)) / GiB;
}

/**
 * Against one rank of 8 of PyTorch 2.13's fully_shard, walked through with its fake process group and fake tensors: layers of Llama 3.1 8B in
 * their linears, norms and activations, fp32 weights, cross entropy of fp32 logits after the forward pass. GiB.
 */
describe('fp32 weights that FSDP shares out', () => {
  it.each([
    ['policy', 'full', 128, 3, 12.89, 1.18],
    ['policy', 'full', 2048, 3, 13.35, 1.14],
    ['policy', 'full', 128, 2, 20.66, 1.08],
    ['policy', 'full', 2048, 2, 22.7, 1.08],
    ['autocast-cached', 'full', 128, 3, 22.75, 1.1],
    ['autocast-cached', 'full', 2048, 3, 24.04, 1.18],
    ['autocast-cached', 'none', 128, 3, 26.05, 1.08],
    ['autocast-cached', 'full', 128, 2, 48.55, 1.06],
  ] as const)(
    'are cast by %s, recompute=%s, %d tokens, zero=%d',
    (casts, recompute, sequence, zero, walked, most) => {
      const ratio = peakOf({ casts, recompute, sequence, zero }) / walked;
      expect(ratio).toBeGreaterThan(0.995);
      expect(ratio).toBeLessThan(most);
    },
  );

  it('keep the copies of all layers until forward ends only where they are no views', () => {
    const views = peakOf({ casts: 'autocast', recompute: 'full', sequence: 128, zero: 3 });
    const own = peakOf({ casts: 'autocast-cached', recompute: 'full', sequence: 128, zero: 3 });
    expect(own - views).toBeGreaterThan(7);
  });

  it('travel in four bytes and are cast in each pass under autocast', () => {
    const slow = { overlap: { ...problem('llama-3.1-8b', 'dgx-h100-8').stack.overlap, dataParallel: 0 } };
    const time = (casts: Case['casts']) =>
      run({ casts, recompute: 'full', sequence: 2048, zero: 3 }, slow).time;
    const [policy, autocast] = [time('policy'), time('autocast')];
    const sent = 'sharded-parameter communication';
    // Two gathers twice as wide and one reduction as before: 2·2 + 4 B against 2·4 + 4.
    expect(autocast[sent]! / policy[sent]!).toBeCloseTo(12 / 8, 1);
    expect(autocast['memory-bound kernels']!).toBeGreaterThan(policy['memory-bound kernels']!);
  });

  it('are as they were where they are held in 16 bits', () => {
    const over = { state: { weights: 2, gradients: 2, master: 0, moment: 2 } };
    const one = { recompute: 'full', sequence: 2048, zero: 3 } as const;
    const of = (casts: Case['casts']) => run({ ...one, casts }, over);
    expect(of('autocast-cached').stages[0]!.memory).toEqual(of('policy').stages[0]!.memory);
    expect(of('autocast-cached').stepSeconds).toBe(of('policy').stepSeconds);
  });
});
