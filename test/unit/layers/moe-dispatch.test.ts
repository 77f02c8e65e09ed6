import { describe, expect, it } from 'vitest';
import type { Stack } from '../../../src/domain/stack.ts';
import { specOf } from '../../../src/evaluate/context.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { stageProfile } from '../../../src/evaluate/stage-profile.ts';
import { seconds } from '../../../src/evaluate/time/pass-time.ts';
import { problem } from '../../fixtures/problem.ts';
import { planned } from '../frameworks/fixture.ts';

function given(cluster: string, over: Partial<Stack>) {
  const base = problem('qwen3-30b-a3b', cluster);
  return { ...base, stack: { ...base.stack, ...over } };
}

function layerOf(ep: number, over: Partial<Stack> = {}) {
  const of = given('dgx-h100-64', over);
  const plan = planned(of, `tp=1,pp=1,dp=64,ep=${ep},micro-batch=1`);
  const stage = plan.pipelines[0]!.stages[0]!;
  return stageProfile(of, specOf(plan, 1, stage, stage.replicas[0]!)).layers[0]![0]!.time;
}

describe('experts on more nodes', () => {
  it('cost their exchange, which nothing hides but another micro-batch', () => {
    const [node, nodes] = [layerOf(8), layerOf(32)];
    expect(nodes.forward.expertParallel).toBeGreaterThan(2 * node.forward.expertParallel);
    const beside = layerOf(32, {
      overlap: { ...given('dgx-h100-64', {}).stack.overlap, expertParallel: 0.88 },
    });
    expect(beside.forward.expertParallel).toBeCloseTo(0.12 * nodes.forward.expertParallel, 9);
  });

  it.each([8, 32])('are reached sooner by DeepEP, which sends a token once to each place (ep %i)', (ep) => {
    const [all, once] = [layerOf(ep), layerOf(ep, { moeDispatcher: 'deepep' })];
    const k = 8;
    const places = ep === 8 ? 8 : 4;
    const distinct = (places * (1 - (1 - 1 / places) ** k)) / k;
    expect(once.forward.expertParallel / all.forward.expertParallel).toBeCloseTo(distinct, 1);
    expect(once.forward.memoryBound).toBeLessThan(all.forward.memoryBound);
  });
});

describe('experts of a capacity', () => {
  it('let graphs of a layer take them, and keep the host from waiting', () => {
    const graphs = { cudaGraphs: 'partial' } as const;
    const dropless = layerOf(8, { ...graphs, routing: 'balanced' });
    const capacity = layerOf(8, { ...graphs, routing: 'token-drop' });
    expect(capacity.forward.host).toBeLessThan(dropless.forward.host / 2);
    expect(seconds(capacity.forward)).toBeLessThan(seconds(dropless.forward));
  });
});

describe('grouped GEMMs', () => {
  it('have a start for each expert where the host launches them', () => {
    const forward = (ep: number, cudaGraphs: Stack['cudaGraphs']) => layerOf(ep, { cudaGraphs }).forward.gemm;
    const extra = (ep: number) => forward(ep, 'partial') - forward(ep, 'full');
    // 16 experts a rank start 15 times more often than one, two only once.
    expect(extra(8)).toBeGreaterThan(extra(64));
  });
});

describe('attention in fp8', () => {
  it('is faster where the GPU has fp8, and the same where it has not', () => {
    const step = (cluster: string, over: Partial<Stack>) => {
      const of = given(cluster, over);
      return estimate(of, planned(of, 'tp=1,pp=1,dp=64,ep=8,micro-batch=1')).time.attention!;
    };
    expect(step('dgx-h100-64', { attentionFormat: 'fp8' })).toBeLessThan(step('dgx-h100-64', {}));
    expect(step('dgx-a100-64', { attentionFormat: 'fp8' })).toBe(step('dgx-a100-64', {}));
  });
});

describe('launches of experts', () => {
  it('are as many as a rank has experts, also where HybridEP dispatches, and none where a graph holds the iteration', () => {
    const host = (ep: number, cudaGraphs: Stack['cudaGraphs']) =>
      layerOf(ep, { cudaGraphs, moeDispatcher: 'hybridep', routing: 'balanced' }).forward.host;
    expect(host(8, 'partial')).toBeGreaterThan(host(64, 'partial'));
    expect(host(8, 'full')).toBeLessThan(host(8, 'partial') / 4);
  });
});
