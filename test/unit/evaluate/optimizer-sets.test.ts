import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/domain/problem.ts';
import type { Stack } from '../../../src/domain/stack.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { planned, problemOf } from '../frameworks/fixture.ts';

/** Nothing hidden, on a network so slow that it alone decides. */
function slow(model: string, over: Partial<Stack> = {}): Problem {
  const given = problemOf(model, 'dgx-h100-64');
  const groups = given.cluster.groups.map((one) => ({ ...one, nic: { ...one.nic, measured: 1e9 } }));
  const overlap = { ...given.stack.overlap, dataParallel: 0 };
  return { ...given, cluster: { ...given.cluster, groups }, stack: { ...given.stack, overlap, ...over } };
}

function once(problem: Problem, text: string) {
  const { time, stages } = estimate(problem, planned(problem, text));
  return {
    reduce: time['gradient reduction']!,
    gather: time['parameter gathering']!,
    states: stages[0]!.memory.allocated['optimizer states']!,
  };
}

describe('optimizer states that sets of ranks each have whole', () => {
  const dense = slow('llama-3.1-8b');
  const [all, sets] = [1, 8].map((n) => once(dense, `dp=64,micro-batch=1,zero=1,dp-replicate=${n}`)) as [
    ReturnType<typeof once>,
    ReturnType<typeof once>,
  ];

  it('take as many times the memory', () => expect(sets.states / all.states).toBeCloseTo(8, 1));

  it('gather weights inside a node where a set is one', () =>
    expect(sets.gather).toBeLessThan(0.1 * all.gather));

  it('reduce between nodes what each owns, which is as much as a ring over all has to carry there', () => {
    // 2·7/8 of an eighth by each of 8 GPUs against 63/64 of all by one ring: 1.75 to 0.98.
    expect(sets.reduce / all.reduce).toBeGreaterThan(1.5);
    expect(sets.reduce / all.reduce).toBeLessThan(2.1);
  });

  it('are shared out among as many times fewer owners of each expert', () => {
    const sparse = slow('mixtral-8x7b');
    const of = (n: number) => once(sparse, `dp=64,ep=8,micro-batch=1,zero=1,dp-replicate=${n}`).states;
    expect(of(2) / of(1)).toBeCloseTo(2, 1);
  });
});

describe('weights that others updated', () => {
  it('take the share of their owner more where owners send theirs in turn', () => {
    const text = 'dp=64,micro-batch=1,zero=1';
    const gathered = once(slow('llama-3.1-8b'), text).gather;
    const sent = once(slow('llama-3.1-8b', { updatedWeights: 'broadcast' }), text).gather;
    expect(sent / gathered).toBeGreaterThan(64 / 63);
    expect(sent / gathered).toBeLessThan(1.1);
  });
});

describe('an update of all weights operation by operation', () => {
  const given = problemOf('llama-3.1-8b', 'dgx-h100-8', 'torch-fsdp2');
  const at = (update: string | undefined) => {
    const optimizerOptions = update === undefined ? {} : { update };
    const problem = { ...given, workload: { ...given.workload, optimizerOptions } };
    const e = estimate(problem, planned(problem, 'dp=8,micro-batch=1,zero=3,recompute=full'));
    return { time: e.time.optimizer, memory: e.stages[0]!.memory };
  };

  it('moves 80 bytes a parameter for 28, and holds a second moment more', () => {
    const [fused, foreach] = [at('fused'), at('foreach')];
    expect(foreach.time! / fused.time!).toBeCloseTo(80 / 28, 2);
    expect(at(undefined)).toEqual(fused);
  });

  it('is a peak of its own where little else is there', () => {
    const problem = {
      ...problemOf('llama-3.1-8b', 'dgx-h100-64', 'torch-fsdp2'),
      workload: { ...given.workload, optimizerOptions: { update: 'foreach' }, sequenceLength: 512 },
    };
    const alone = { ...problem, stack: { ...problem.stack, freesGradients: true } };
    const plan = planned(alone, 'tp=8,dp=8,micro-batch=1,zero=0,recompute=full');
    const { memory } = estimate(alone, plan).stages[0]!;
    expect(memory.peakAt).toBe('optimizer-step');
    // Weights, gradients, both moments, and the root of the second: 20 bytes a parameter of an eighth of the model.
    expect(memory.allocatedBytes / (8.03e9 / 8)).toBeCloseTo(20, 0);
  });
});
