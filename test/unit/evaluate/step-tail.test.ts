import { describe, expect, it } from 'vitest';
import { type Plan, replicasOf } from '../../../src/domain/plan.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import type { PipelineTime } from '../../../src/evaluate/time/pipeline-time.ts';
import { runStages } from '../../../src/evaluate/time/stage-run.ts';
import { stepTail } from '../../../src/evaluate/time/step-tail.ts';
import { inTwo, MIXED, planned, problemOf } from '../frameworks/fixture.ts';

const PROBLEM = problemOf('llama-3.1-8b', 'dgx-h100-64');

/** A network so slow that no pass hides a whole reduction. */
const SLOW: Problem = {
  ...PROBLEM,
  cluster: {
    ...PROBLEM.cluster,
    groups: PROBLEM.cluster.groups.map((one) => ({ ...one, nic: { ...one.nic, measured: 1e9 } })),
  },
};

/** The tail where each stage has done its last backward at the time given, and the stack hides that share. */
function tailOf(plan: Plan, { on = PROBLEM, hidden = 0, finish = [100, 99, 98, 97] } = {}) {
  const stack = { ...on.stack, overlap: { ...on.stack.overlap, dataParallel: hidden } };
  const problem = { ...on, stack };
  const time: PipelineTime = {
    makespanSeconds: 100,
    busySeconds: finish,
    finishSeconds: finish,
    transferSeconds: finish.map(() => 0),
  };
  const pipelines = plan.pipelines.map((_, index) => ({ stages: runStages(problem, plan, index), time }));
  return { ...stepTail(problem, plan, pipelines), runs: pipelines[0]!.stages };
}

const plan = (text: string, on: Problem = PROBLEM) => planned(on, `micro-batch=1,${text}`);
const SPLIT = 'tp=2,pp=4,dp=8';

describe('after the last backward', () => {
  it('there is nothing to reduce or gather without copies, but a step of the optimizer', () => {
    const tail = tailOf(plan('tp=8,pp=8,dp=1'), { finish: [100, 99, 98, 97, 96, 95, 94, 93] });
    expect(tail).toMatchObject({ gradientReduce: 0, parameterGather: 0, pipelineSeconds: 100 });
    expect(tail.optimizer).toBeGreaterThan(0);
  });

  it('gradients are all-reduced, or scattered and parameters gathered: half of it is left to scatter', () => {
    const [plain, sharded] = [0, 1].map((zero) =>
      tailOf(plan(`tp=8,pp=1,dp=8,zero=${zero}`), { finish: [100] }),
    );
    expect(plain!.parameterGather).toBe(0);
    // A ring's all-reduce sends twice what its reduce-scatter does.
    expect(sharded!.gradientReduce / plain!.gradientReduce).toBeCloseTo(0.5, 2);
    // Gathered as 16 bits, reduced as 32.
    expect(sharded!.parameterGather / sharded!.gradientReduce).toBeCloseTo(0.5, 2);
    expect(sharded!.optimizer).toBeCloseTo(plain!.optimizer / 8, 3);
  });

  it('hides behind the last passes what the stack hides, and no more than these take', () => {
    const all = tailOf(plan(SPLIT), { on: SLOW });
    for (const hidden of [0.01, 1]) {
      const some = tailOf(plan(SPLIT), { on: SLOW, hidden });
      const backward = some.runs[0]!.backward.reduce((a, b) => a + b, 0);
      const forward = Math.max(...some.runs.map((run) => run.forward.reduce((a, b) => a + b, 0)));
      expect(some.gradientReduce).toBeCloseTo(
        all.gradientReduce - Math.min(hidden * all.gradientReduce, backward),
        12,
      );
      expect(some.parameterGather).toBeGreaterThanOrEqual(all.parameterGather - forward - 1e-12);
      expect(some.parameterGather).toBeLessThan(all.parameterGather);
    }
  });

  it('more chunks leave more to hide behind: v − 1 of v for each other micro-batch of the round', () => {
    const exposed = (text: string) => {
      const at = (hidden: number) => tailOf(plan(text), { on: SLOW, hidden });
      return { all: at(0).gradientReduce, left: at(1).gradientReduce, runs: at(1).runs };
    };
    for (const [vpp, times] of [
      [1, 1],
      [2, 1 + 3 / 2],
      [4, 1 + (3 * 3) / 4],
    ] as const) {
      const { all, left, runs } = exposed(`${SPLIT},vpp=${vpp},zero=0,layers=${layers(vpp)}`);
      const behind = times * runs[0]!.backward.reduce((a, b) => a + b, 0);
      expect(left, `${vpp}`).toBeCloseTo(all - behind, 12);
      expect(left).toBeGreaterThan(0);
    }
  });

  it('a tied embedding is summed over whatever lies between first and last stage, by all copies at once', () => {
    const regions = problemOf('qwen2.5-0.5b', 'two-regions');
    const tailWith = (factor: number) => {
      const links = regions.cluster.links.map((link) => ({
        ...link,
        bandwidthPerNode: link.bandwidthPerNode * factor,
        sharedBandwidth: link.sharedBandwidth * factor,
      }));
      const on = { ...regions, cluster: { ...regions.cluster, links } };
      return tailOf(plan('tp=1,pp=2,dp=32', on), { on, finish: [100, 99] }).gradientReduce;
    };
    // 32 copies of 151,936 × 896 gradients of 4 bytes there, and as many back, over 5.6 GB/s of four nodes together.
    const wire = (32 * 151_936 * 896 * 4) / (4 * 1.4e9);
    expect(tailWith(1)).toBeGreaterThan(wire);
    expect(tailWith(1)).toBeLessThan(1.3 * wire);
    expect(tailWith(1) / tailWith(2)).toBeGreaterThan(1.8);
  });

  const layers = (vpp: number) => new Array<number>(4 * vpp).fill(8 / vpp).join('/');
});

describe('the step ends', () => {
  const uneven = plan('tp=2,pp=4,dp=8,layers=14/6/6/6');

  it('with the stage whose reduction is done last, not with the one that is busy longest', () => {
    const first = tailOf(uneven, { finish: [100, 90, 90, 90] });
    expect(first.pipelineSeconds).toBe(100);
    const little = first.gradientReduce / 4;
    // Stage 3 finishes a little later, but stage 0 has twice as much to reduce.
    const other = tailOf(uneven, { finish: [100, 90, 90, 100 + little] });
    expect(other).toMatchObject({ pipelineSeconds: 100, gradientReduce: first.gradientReduce });
    // And the other way round.
    const last = tailOf(plan('tp=2,pp=4,dp=8,layers=6/6/6/14'), { finish: [100, 90, 90, 100 - little] });
    expect(last.pipelineSeconds).toBe(100 - little);
    const late = tailOf(uneven, { finish: [100, 90, 90, 200] });
    expect(late.pipelineSeconds).toBe(200);
    expect(late.gradientReduce).toBeLessThan(first.gradientReduce);
  });

  it('with the optimizer and the gathers of the heaviest stage, wherever the last reduction was', () => {
    const [first, late] = [
      [100, 90, 90, 90],
      [100, 90, 90, 200],
    ].map((finish) => tailOf(uneven, { finish }));
    expect(late!.optimizer).toBe(first!.optimizer);
    expect(late!.parameterGather).toBe(first!.parameterGather);
    const even = tailOf(plan('tp=2,pp=4,dp=8,layers=8/8/8/8'));
    expect(first!.optimizer).toBeGreaterThan(1.3 * even.optimizer);
    expect(first!.parameterGather).toBeGreaterThan(1.3 * even.parameterGather);
  });

  it('in the pipeline that ends last', () => {
    const two = inTwo(planned(MIXED, 'tp=8,pp=4,dp=2,layers=26/26/14/14'));
    const stagesOf = (index: number) => runStages(MIXED, two, index);
    const ending = (at: number) => ({
      makespanSeconds: at,
      busySeconds: [at, at, at, at],
      finishSeconds: [at, at, at, at],
      transferSeconds: [0, 0, 0, 0],
    });
    const tail = (a: number, b: number) =>
      stepTail(MIXED, two, [
        { stages: stagesOf(0), time: ending(a) },
        { stages: stagesOf(1), time: ending(b) },
      ]);
    expect(tail(10, 20)).toMatchObject({ criticalPipeline: 1, pipelineSeconds: 20 });
    expect(tail(20, 10)).toMatchObject({ criticalPipeline: 0, pipelineSeconds: 20 });
  });
});

describe('unlike pipelines', () => {
  const whole = planned(MIXED, 'tp=8,pp=4,dp=2,layers=26/26/14/14,zero=0');
  const two = inTwo(whole);
  const ending = (at: number, stages: number): PipelineTime => ({
    makespanSeconds: at,
    busySeconds: new Array<number>(stages).fill(at),
    finishSeconds: new Array<number>(stages).fill(at),
    transferSeconds: new Array<number>(stages).fill(0),
  });
  const tailAt = (plan: Plan, times: readonly number[]) =>
    stepTail(
      MIXED,
      plan,
      plan.pipelines.map(({ stages }, i) => ({
        stages: runStages(MIXED, plan, i),
        time: ending(times[i]!, stages.length),
      })),
    );

  it('wait for the last to have done its backward, and then average over all copies', () => {
    const [early, late, both] = [tailAt(two, [10, 20]), tailAt(two, [20, 10]), tailAt(two, [20, 20])];
    for (const tail of [early, late]) {
      expect(tail.pipelineSeconds).toBe(20);
      expect(tail.gradientReduce).toBeCloseTo(both.gradientReduce, 12);
    }
  });

  it('of one copy each take the ring of a pipeline of two copies', () => {
    const [one, apart] = [whole, two].map((plan) => tailOf(plan, { on: MIXED, finish: [20, 20, 20, 20] }));
    expect(apart!.gradientReduce / one!.gradientReduce).toBeCloseTo(1, 3);
  });

  it('whose cuts differ average layer by layer, some of them with copies on slower cards', () => {
    const [first, second] = two.pipelines as [Plan['pipelines'][0], Plan['pipelines'][0]];
    const counts = [14, 26, 26, 14];
    let end = 0;
    const stages = second.stages.map((stage, s) => {
      end += counts[s]!;
      return { ...stage, chunks: [{ first: end - counts[s]!, end }] };
    });
    const unlike = { ...two, pipelines: [first, { ...second, stages }] };
    const [alike, apart] = [tailAt(two, [20, 20]).gradientReduce, tailAt(unlike, [20, 20]).gradientReduce];
    expect(apart).toBeGreaterThan(0.9 * alike);
    expect(apart).toBeLessThan(2 * alike);
  });
});

describe('gradients that stages share', () => {
  it('of a tied embedding are reduced between first and last stage, where these are two', () => {
    const tied = { ...PROBLEM, model: { ...PROBLEM.model, tiedEmbeddings: true } };
    const reduce = (text: string, on = tied) =>
      tailOf(plan(text, on), { on, finish: new Array<number>(8).fill(100) }).gradientReduce;
    expect(reduce('tp=8,pp=8,dp=1', PROBLEM)).toBe(0);
    // Over a network card no faster than its wire.
    const { vocabSize, hiddenSize } = tied.model;
    const bytes = (4 * vocabSize * hiddenSize) / 8;
    const { bandwidth } = tied.cluster.groups[0]!.nic.link;
    expect(reduce('tp=8,pp=8,dp=1')).toBeGreaterThan(bytes / bandwidth);
    expect(reduce('tp=8,pp=8,dp=1')).toBeLessThan((4 * bytes) / bandwidth);
    expect(reduce('tp=8,pp=8,dp=1,vpp=2,schedule=zb-v')).toBe(0);
    expect(reduce('tp=8,pp=8,dp=1,vocabulary=vocab-1')).toBe(0);
  });

  it('of pipelines of one copy each are all-reduced between these', () => {
    const one = planned(MIXED, 'tp=8,pp=4,dp=2,layers=26/26/14/14,zero=0');
    const two = inTwo(one);
    expect(two.pipelines.map(({ stages }) => replicasOf(stages[0]!))).toEqual([1, 1]);
    const [together, apart] = [one, two].map((text) => tailOf(text, { on: MIXED }));
    expect(apart!.gradientReduce).toBeGreaterThan(0.3 * together!.gradientReduce);
    expect(apart!.gradientReduce).toBeLessThan(3 * together!.gradientReduce);
  });
});
