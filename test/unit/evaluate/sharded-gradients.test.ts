import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/domain/problem.ts';
import type { Stack } from '../../../src/domain/stack.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { planned, problemOf } from '../frameworks/fixture.ts';

const BASE = problemOf('llama-3.1-8b', 'dgx-h100-64');

/** Nothing hidden, on a network so slow that it alone decides. */
function slow(over: Partial<Stack>): Problem {
  const { cluster, stack } = BASE;
  const overlap = { ...stack.overlap, dataParallel: 0 };
  const groups = cluster.groups.map((one) => ({ ...one, nic: { ...one.nic, measured: 1e9 } }));
  return { ...BASE, cluster: { ...cluster, groups }, stack: { ...stack, overlap, ...over } };
}

function sent(zero: number, over: Partial<Stack> = {}) {
  const problem = slow(over);
  const { time, stages } = estimate(problem, planned(problem, `dp=64,micro-batch=1,zero=${zero}`));
  const gradients = Math.max(...stages.map(({ memory }) => memory.allocated.gradients ?? 0));
  const part = (name: string) => time[name as keyof typeof time] ?? 0;
  return {
    each: part('sharded-parameter communication'),
    once: part('gradient reduction'),
    gradients,
  };
}

describe('gradients of sharded states', () => {
  it('take twice as long to their owners where buckets are all-reduced, each micro-batch in stage 2', () => {
    const [scattered, reduced] = [sent(2), sent(2, { gradientsToOwners: 'all-reduce' })];
    expect(reduced.each / scattered.each).toBeCloseTo(2, 1);
    expect(scattered.once).toBe(0);
  });

  it('are reduced once a step in stage 1, all-reduced as well', () => {
    const [scattered, reduced] = [sent(1), sent(1, { gradientsToOwners: 'all-reduce' })];
    expect(reduced.once / scattered.once).toBeCloseTo(2, 1);
    expect(scattered.each).toBe(0);
  });

  it('are scattered in stage 3 whatever the buckets below it do', () => {
    expect(sent(3, { gradientsToOwners: 'all-reduce' }).each).toBe(sent(3).each);
  });

  it('add up whole in a pipeline, as wide as they are', () => {
    const problem = problemOf('llama-3.1-8b', 'dgx-h100-64', 'torch-fsdp2');
    const kept = (gradients?: 'bf16') => {
      const workload =
        gradients === undefined ? problem.workload : { ...problem.workload, optimizerOptions: { gradients } };
      const { stages } = estimate({ ...problem, workload }, planned(problem, 'pp=2,dp=32,zero=3'));
      return stages[0]!.memory.allocated.gradients!;
    };
    expect(kept() / kept('bf16')).toBeCloseTo(2, 9);
  });

  it('are kept whole and sent once where they add up first', () => {
    const [each, whole] = [sent(3), sent(3, { accumulatesWhole: true })];
    expect(whole.each).toBeLessThan(0.7 * each.each);
    expect(whole.once).toBeGreaterThan(0);
    expect(whole.gradients).toBeGreaterThan(60 * each.gradients);
  });
});
