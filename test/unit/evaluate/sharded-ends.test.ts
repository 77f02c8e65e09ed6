import { describe, expect, it } from 'vitest';
import { specOf } from '../../../src/evaluate/context.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { stageProfile } from '../../../src/evaluate/stage-profile.ts';
import { coefficients } from '../../../src/hardware/coefficients.ts';
import { collectiveSeconds } from '../../../src/hardware/collective.ts';
import { spanOf } from '../../../src/hardware/span.ts';
import { problem } from '../../fixtures/problem.ts';
import { planned } from '../frameworks/fixture.ts';

const EMBEDDING = 151_936 * 2048;

function endsOf(text: string, stack: string) {
  const on = problem('qwen3-1.7b', '4090-8', { sequenceLength: 2048, globalBatchSize: 64 }, stack);
  const plan = planned(on, `tp=1,dp=8,micro-batch=2,recompute=full,${text}`);
  const stage = plan.pipelines[0]!.stages[0]!;
  const { embedding, head } = stageProfile(on, specOf(plan, 1, stage, stage.replicas[0]!));
  const sent = (pass: 'forward' | 'backward') =>
    embedding.time[pass].dataParallel + head.time[pass].dataParallel;
  return { on, plan, forward: sent('forward'), backward: sent('backward') };
}

describe('ends of the model whose states are shared out', () => {
  const on = problem('qwen3-1.7b', '4090-8');
  const span = spanOf(on.cluster, 0, 1, 8);
  const take = (collective: 'allReduce' | 'allGather', bytes: number) =>
    collectiveSeconds(span, collective, bytes, coefficients());

  it('are reduced after each micro-batch, a tied one once', () => {
    const { forward, backward } = endsOf('zero=2,dp-overlap=none', 'deepspeed');
    expect(forward).toBe(0);
    expect(backward / take('allReduce', 2 * EMBEDDING)).toBeCloseTo(1, 2);
  });

  it('are gathered before each pass, but as the root of FSDP once', () => {
    const engine = endsOf('zero=3,dp-overlap=none', 'deepspeed');
    const gather = take('allGather', 2 * EMBEDDING);
    expect(engine.forward / gather).toBeCloseTo(1, 2);
    expect(engine.backward / gather).toBeCloseTo(2, 1);
    const root = endsOf('zero=3,dp-overlap=none', 'torch-fsdp2');
    expect(root.forward / gather).toBeCloseTo(1, 2);
    expect(root.backward).toBeLessThan(engine.backward);
  });

  it('are not sent by plain copies, nor in a pipeline', () => {
    for (const text of ['zero=0', 'zero=1']) {
      const { forward, backward } = endsOf(text, 'deepspeed');
      expect([forward, backward]).toEqual([0, 0]);
    }
  });

  it('bring ZeRO-2 of a 1.7B on eight 4090 within a tenth of its published time, of which they are a seventh', () => {
    const published = { sequenceLength: 2048, globalBatchSize: 512, precision: 'fp16' } as const;
    const whole = problem('qwen3-1.7b', '4090-8', published, 'deepspeed');
    const plan = planned(whole, 'tp=1,dp=8,micro-batch=2,recompute=full,zero=2,dp-overlap=none');
    const { stepSeconds } = estimate(whole, plan);
    expect(Math.abs(stepSeconds / 103.09 - 1)).toBeLessThan(0.1);
  });
});
