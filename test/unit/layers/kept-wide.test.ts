import { describe, expect, it } from 'vitest';
import type { LayerKind } from '../../../src/domain/model.ts';
import { specOf } from '../../../src/evaluate/context.ts';
import { stageProfile } from '../../../src/evaluate/stage-profile.ts';
import { problem } from '../../fixtures/problem.ts';
import { planned } from '../frameworks/fixture.ts';

function layerWith(wide: LayerKind['wide'], precision: 'fp8' | 'bf16') {
  const base = problem('llama-3.1-8b', 'dgx-h100-64');
  const [kind, ...rest] = base.model.kinds;
  const of = {
    ...base,
    workload: { ...base.workload, precision },
    model: { ...base.model, kinds: [{ ...kind!, ...(wide === undefined ? {} : { wide }) }, ...rest] },
  };
  const plan = planned(of, 'tp=1,pp=1,dp=64,micro-batch=1');
  const stage = plan.pipelines[0]!.stages[0]!;
  return stageProfile(of, specOf(plan, 1, stage, stage.replicas[0]!)).layers[0]![0]!;
}

describe('layers kept in 16 bits in a run of 8', () => {
  it('multiply at the rate of 16 bits, forward and backward', () => {
    const [wide, all] = [layerWith('all', 'fp8').time, layerWith(undefined, 'bf16').time];
    expect(wide.forward.gemm).toBeCloseTo(all.forward.gemm, 12);
    expect(wide.backward.gemm).toBeCloseTo(all.backward.gemm, 12);
    expect(wide.forward.gemm).toBeGreaterThan(layerWith(undefined, 'fp8').time.forward.gemm);
  });

  it('or as much of them as is named', () => {
    const some = layerWith(['qkv'], 'fp8').time.forward.gemm;
    expect(some).toBeGreaterThan(layerWith(undefined, 'fp8').time.forward.gemm);
    expect(some).toBeLessThan(layerWith('all', 'fp8').time.forward.gemm);
  });
});
