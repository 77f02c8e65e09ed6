import { describe, expect, it } from 'vitest';
import { loadCluster } from '../../../src/catalogue/clusters.ts';
import { loadModel } from '../../../src/catalogue/models.ts';
import { loadStack } from '../../../src/catalogue/stacks.ts';
import { total } from '../../../src/domain/estimate.ts';
import { asDriven } from '../../../src/domain/half-sums.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { dealOf } from '../../../src/evaluate/deal.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';

function on(model: string, cluster: string, over: Partial<Problem['workload']> = {}): Problem {
  return asDriven({
    model: loadModel(model).value,
    cluster: loadCluster(cluster).value,
    stack: loadStack('roundpipe'),
    workload: {
      sequenceLength: 2048,
      globalBatchSize: 128,
      precision: 'fp16',
      optimizer: 'adamw',
      headroom: 0,
      ...over,
    },
  });
}

const HOST = on('qwen3-32b', '4090-8');

function costed(problem: Problem, text: string) {
  const found = planOf(problem, parseConfiguration(text));
  if (!('plan' in found)) throw new Error(`${found.rule}: ${found.actual}`);
  return { plan: found.plan, ...estimate(problem, found.plan) };
}

function refused(problem: Problem, text: string): string | null {
  const found = planOf(problem, parseConfiguration(text));
  return 'rule' in found ? found.rule : null;
}

describe('stages that are dealt to the GPUs of a host', () => {
  const plain = costed(HOST, 'dp=8,micro-batch=4,dispatch=async,loss=chunked:8');

  it('keep nothing on GPUs but what is at work, and all states once on the host', () => {
    const parameters = 32.8e9;
    const { parts } = plain.hosts[0]!;
    expect(parts.weights! / (2 * parameters)).toBeCloseTo(1, 1);
    expect(parts['optimizer states']! / (12 * parameters)).toBeCloseTo(1, 1);
    expect(plain.stages[0]!.memory.allocated.weights ?? 0).toBe(0);
    expect(plain.verdict).not.toBe('does-not-fit');
  });

  it('take a step whose parts sum to it', () => {
    expect(total(plain.time)).toBeCloseTo(plain.stepSeconds, 9);
  });

  it('flow on beside the update, or wait for it', () => {
    const sync = costed(HOST, 'dp=8,micro-batch=4,dispatch=sync,loss=chunked:8');
    expect(plain.time.optimizer!).toBeLessThan(0.01);
    expect(sync.time.optimizer!).toBeGreaterThan(5);
    expect(sync.stepSeconds).toBeGreaterThan(plain.stepSeconds + sync.time.optimizer!);
    expect(sync.convergence).toEqual([]);
    expect(plain.convergence).toHaveLength(1);
  });

  it('take less memory layer by layer, and as long', () => {
    const small = on('qwen3-1.7b', '4090-8');
    const [stage, layer] = ['async', 'async:layer'].map((how) =>
      costed(small, `dp=8,micro-batch=8,dispatch=${how},loss=chunked:8`),
    );
    expect(layer!.stages[0]!.memory.allocatedBytes).toBeLessThan(stage!.stages[0]!.memory.allocatedBytes);
    expect(layer!.stepSeconds).toBe(stage!.stepSeconds);
  });

  it('wait for every copy from memory that is not pinned, which takes less of the host', () => {
    const paged = costed(HOST, 'dp=8,micro-batch=4,dispatch=async:unpinned,loss=chunked:8');
    expect(paged.stepSeconds).toBeGreaterThan(1.1 * plain.stepSeconds);
    expect(paged.hosts[0]!.bytes).toBeLessThan(plain.hosts[0]!.bytes);
  });

  it('come in rounds that are alike', () => {
    const { rounds, perRound } = dealOf(HOST, plain.plan);
    expect(rounds * perRound * 4).toBe(128);
    expect(perRound).toBeLessThanOrEqual(16);
  });

  it.each([
    ['tp=2,dp=4,dispatch=async', 'dispatch'],
    ['pp=2,dp=4,dispatch=async', 'dispatch'],
    ['dp=8,dispatch=async,recompute=full', 'dispatch'],
    ['dp=8,dispatch=async,offload-optimizer=1', 'dispatch'],
    ['dp=8,dispatch=async,zero=2', 'dispatch'],
    ['dp=8,dispatch=async', null],
  ])('%s: %s', (text, rule) => {
    expect(refused(HOST, text)).toBe(rule);
  });

  it('stand on one host, and are updated by an optimizer that CPUs have', () => {
    expect(refused(on('qwen3-32b', '4090-32'), 'dp=16,dispatch=async')).toBe('one-host');
    expect(refused(on('qwen3-32b', '4090-8', { optimizer: 'muon' }), 'dp=8,dispatch=async')).toBe('dispatch');
  });
});

describe('fp16 that sums up in fp16', () => {
  it('is faster where card, stack and precision have it, and nowhere else', () => {
    const half = (problem: Problem) => problem.cluster.groups[0]!.gpu.peakFlops.fp16!;
    expect(half(HOST)).toBe(330.3e12);
    expect(half(on('qwen3-32b', '4090-8', { precision: 'bf16' }))).toBe(165.2e12);
    expect(half(on('qwen3-32b', 'dgx-h100-8'))).toBeLessThan(1e15);
  });
});
