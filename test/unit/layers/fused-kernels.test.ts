import { describe, expect, it } from 'vitest';
import type { Stack } from '../../../src/domain/stack.ts';
import { specOf } from '../../../src/evaluate/context.ts';
import { stageProfile } from '../../../src/evaluate/stage-profile.ts';
import { problem } from '../../fixtures/problem.ts';
import { planned } from '../frameworks/fixture.ts';

function profileOf(model: string, over: Partial<Stack>, precision: 'bf16' | 'mxfp8' = 'bf16') {
  const base = problem(model, 'dgx-b200-64', { precision });
  const of = { ...base, stack: { ...base.stack, ...over } };
  const plan = planned(of, 'tp=1,pp=1,dp=64,ep=8,micro-batch=1');
  const stage = plan.pipelines[0]!.stages[0]!;
  return stageProfile(of, specOf(plan, 1, stage, stage.replicas[0]!));
}

const forwardOf = (model: string, cudaGraphs: Stack['cudaGraphs']) =>
  profileOf(model, { cudaGraphs }, 'mxfp8').layers[0]![0]!.time.forward;

describe('grouped kernels that read their sizes on the device', () => {
  it('apply the activation and quantise what they write', () => {
    const [full, partial] = [forwardOf('qwen3-30b-a3b', 'full'), forwardOf('qwen3-30b-a3b', 'partial')];
    expect(full.memoryBound).toBeLessThan(partial.memoryBound);
    expect(full.gemm).toBeLessThan(partial.gemm);
  });

  it('leave experts with biases their own activation', () => {
    expect(forwardOf('gpt-oss-120b', 'full').memoryBound).toBe(
      forwardOf('gpt-oss-120b', 'partial').memoryBound,
    );
  });
});

describe('metrics of the loss', () => {
  it('cost the forward of an unfused cross entropy each, and nothing in backward', () => {
    const at = (over: Partial<Stack>) => profileOf('qwen3-30b-a3b', over).head.time;
    const [none, two] = [at({ metricLosses: 0 }), at({ metricLosses: 2 })];
    expect(two.forward.memoryBound).toBeGreaterThan(none.forward.memoryBound);
    expect(two.backward.memoryBound).toBe(none.backward.memoryBound);
    const loss = (lossKernel: Stack['lossKernel']) => at({ metricLosses: 0, lossKernel }).forward.memoryBound;
    const once = at({ metricLosses: 1, lossKernel: 'unfused' }).forward.memoryBound - loss('unfused');
    expect(two.forward.memoryBound - none.forward.memoryBound).toBeCloseTo(2 * once, 9);
  });
});
