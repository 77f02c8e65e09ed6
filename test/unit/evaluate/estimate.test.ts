import { describe, expect, it } from 'vitest';
import { devicesOf } from '../../../src/domain/plan.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { estimate, memoryVerdict } from '../../../src/evaluate/estimate.ts';
import { pipelineTime } from '../../../src/evaluate/time/pipeline-time.ts';
import { runStages } from '../../../src/evaluate/time/stage-run.ts';
import { stepTail } from '../../../src/evaluate/time/step-tail.ts';
import { DENSE, inTwo, MIXED, planned } from '../frameworks/fixture.ts';

const UNEVEN = planned(MIXED, 'tp=8,pp=4,dp=2,layers=26/26/14/14');
const PLANS = [
  [MIXED, UNEVEN],
  [MIXED, inTwo(UNEVEN)],
  [MIXED, planned(MIXED, 'tp=4,cp=2,pp=4,dp=2,vpp=2')],
  [MIXED, planned(MIXED, 'tp=8,pp=2,dp=2,groups=h100,recompute=full')],
  [DENSE, planned(DENSE, 'tp=8,pp=4,dp=2,schedule=zb-h1')],
  [DENSE, planned(DENSE, 'tp=8,pp=4,dp=2,vpp=2,schedule=zb-v,recompute=full')],
  [DENSE, planned(DENSE, 'tp=8,pp=1,dp=8,zero=3')],
] as const;

/** Peak of the tensor cores without sparsity, bf16, as their data sheets have it (H100 SXM, A100). */
const PEAK = { h100: 989.4e12, a100: 312e12 };

describe('the step', () => {
  it.each(PLANS.map(([on, plan], i) => [i, on, plan] as const))(
    'of plan %i is its pipeline until the last backward, what follows, and what the host adds',
    (_, on, plan) => {
      const pipelines = plan.pipelines.map((pipeline, index) => {
        const stages = runStages(on, plan, index);
        return { stages, time: pipelineTime(on, plan, pipeline, stages) };
      });
      const tail = stepTail(on, plan, pipelines);
      const { value } = on.stack.timeMultiplier;
      const after = tail.gradientReduce + tail.parameterGather + tail.optimizer;
      const whole = value * (tail.pipelineSeconds + after + on.stack.host.secondsPerStep);
      expect(estimate(on, plan).stepSeconds / whole).toBeCloseTo(1, 9);
    },
  );

  it('has a bubble that is none of the busiest stage’s own work', () => {
    const { time } = estimate(DENSE, planned(DENSE, 'tp=8,pp=1,dp=8'));
    expect(time['pipeline bubble']).toBeCloseTo(0, 9);
    const piped = estimate(DENSE, planned(DENSE, 'tp=8,pp=4,dp=2,micro-batch=1'));
    // Equal stages but for the ends: about (p − 1) of m + p − 1, with m = 256.
    const share = piped.time['pipeline bubble']! / piped.stepSeconds;
    expect(share).toBeGreaterThan(0.2 * (3 / 259));
    expect(share).toBeLessThan(3 * (3 / 259));
  });

  it('is longer by the calibrated factor of the stack, in every part', () => {
    const stack = {
      ...MIXED.stack,
      timeMultiplier: { value: 3 * MIXED.stack.timeMultiplier.value, width: 0 },
    };
    const slow = estimate({ ...MIXED, stack }, UNEVEN);
    for (const [name, seconds] of Object.entries(estimate(MIXED, UNEVEN).time))
      expect(slow.time[name]!, name).toBeCloseTo(3 * seconds, 9);
  });
});

describe('the rate', () => {
  const { sequenceLength, globalBatchSize } = MIXED.workload;
  const tokens = sequenceLength * globalBatchSize;
  const costed = estimate(MIXED, UNEVEN);

  it('is tokens of the batch a second', () => {
    expect(costed.tokensPerSecond * costed.stepSeconds).toBeCloseTo(tokens, 3);
  });

  it('has the FLOPs of the model: 6 for each weight of a matrix, and half of the scores', () => {
    // Llama 3.1 70B: 80 layers of 8192, 64 heads of which 8 with keys, MLP of 28672, vocabulary of 128256.
    const [layers, h, kv, mlp, vocabulary] = [80, 8192, 1024, 28_672, 128_256];
    const weights = layers * (2 * h * h + 2 * h * kv + 3 * h * mlp) + h * vocabulary;
    const scores = 3 * layers * (2 * 2 * h * sequenceLength * 0.5);
    expect(costed.modelFlopsPerStep / ((6 * weights + scores) * tokens)).toBeCloseTo(1, 3);
    const full = estimate(MIXED, planned(MIXED, 'tp=8,pp=4,dp=2,recompute=full'));
    expect(full.modelFlopsPerStep).toBe(costed.modelFlopsPerStep);
  });

  it('is a share of the peak of the GPUs in use, each type at its own', () => {
    const peak = 32 * PEAK.h100 + 32 * PEAK.a100;
    const share = (flops: number, seconds: number, of: number) => flops / seconds / of;
    expect(costed.mfu / share(costed.modelFlopsPerStep, costed.stepSeconds, peak)).toBeCloseTo(1, 2);
    const few = estimate(MIXED, planned(MIXED, 'tp=8,pp=2,dp=2,groups=h100'));
    expect(few.mfu / share(few.modelFlopsPerStep, few.stepSeconds, 32 * PEAK.h100)).toBeCloseTo(1, 2);
    // In fp8, which an A100 has not.
    const narrow: Problem = { ...MIXED, workload: { ...MIXED.workload, precision: 'fp8' } };
    const fp8 = estimate(narrow, UNEVEN);
    const mixed = 32 * 2 * PEAK.h100 + 32 * PEAK.a100;
    expect(fp8.mfu / share(fp8.modelFlopsPerStep, fp8.stepSeconds, mixed)).toBeCloseTo(1, 2);
  });
});

describe('stages', () => {
  it('have all the GPUs of the plan between them, and their own layers', () => {
    for (const [on, plan] of PLANS) {
      const { stages } = estimate(on, plan);
      expect(stages.reduce((sum, { devices }) => sum + devices, 0)).toBe(devicesOf(plan));
      const layers = stages.reduce((sum, stage) => sum + stage.layers, 0);
      expect(layers).toBe(plan.pipelines.length * on.model.layers.length);
    }
  });

  it('decide the verdict by the worst of them, and with no need of time', () => {
    const seen = new Set<string>();
    const { memory } = estimate(MIXED, UNEVEN).stages[0]!;
    const device = memory.deviceBytes / MIXED.cluster.groups[0]!.gpu.memoryBytes;
    for (const room of [1.06, 1.02, 0.98]) {
      const headroom = 1 - room * device;
      const problem = { ...MIXED, workload: { ...MIXED.workload, headroom } };
      const { verdict, stages } = estimate(problem, UNEVEN);
      expect(verdict).toBe(stages[0]!.memory.verdict);
      expect(stages.filter((one) => one.memory.verdict === 'fits').length).toBeGreaterThanOrEqual(3);
      expect(memoryVerdict(problem, UNEVEN)).toBe(verdict);
      seen.add(verdict);
    }
    expect([...seen]).toEqual(['fits', 'tight', 'does-not-fit']);
  });
});
