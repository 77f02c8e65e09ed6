import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/domain/problem.ts';
import { specOf } from '../../../src/evaluate/context.ts';
import { stageProfile } from '../../../src/evaluate/stage-profile.ts';
import { chunkSeconds, chunkTime } from '../../../src/evaluate/time/chunk-time.ts';
import type { LayerTime } from '../../../src/evaluate/time/layer-time.ts';
import { computeParts } from '../../../src/evaluate/time/parts.ts';
import type { PassTime } from '../../../src/evaluate/time/pass-time.ts';
import { planned, problemOf } from '../frameworks/fixture.ts';

/** A first layer with a dense MLP, then layers of experts. */
const PROBLEM = problemOf('deepseek-v2-lite', 'dgx-h100-64');
const PLAN = planned(PROBLEM, 'tp=2,pp=3,dp=8,ep=8,cp=1,vpp=1,layers=9/9/9,recompute=full,micro-batch=1');

function profileOn(problem: Problem) {
  const stage = PLAN.pipelines[0]!.stages[0]!;
  return stageProfile(problem, specOf(PLAN, 3, stage, stage.replicas[0]!));
}

const PROFILE = profileOn(PROBLEM);
const NO_ENDS = { embedding: false, head: false };
const sum = (time: PassTime) => Object.values(time).reduce((all, one) => all + one, 0);
const passes = ({ forward, backward, recompute }: LayerTime) => sum(forward) + sum(backward) + sum(recompute);
const chunk = (dense: number, sparse: number, ends = NO_ENDS) =>
  chunkTime(PROBLEM.model, [[dense, sparse]], PROFILE, ends);
const split = chunkSeconds;
const whole = (one: ReturnType<typeof chunk>) => split(one).forward + split(one).backward;

describe('one micro-batch through a chunk', () => {
  const [dense, sparse] = PROFILE.layers[0]!.map(({ time }) => time);

  it('takes as many of each kind of layer as it has', () => {
    expect(whole(chunk(1, 8)) / (passes(dense!) + 8 * passes(sparse!))).toBeCloseTo(1, 12);
    expect(passes(dense!)).not.toBeCloseTo(passes(sparse!), 5);
    expect(whole(chunk(0, 0))).toBe(0);
    const weightGrad = dense!.weightGrad + 8 * sparse!.weightGrad;
    expect(chunk(1, 8).weightGrad / weightGrad).toBeCloseTo(1, 12);
  });

  it('recomputes in its backward, not in its forward', () => {
    const { forward, backward } = split(chunk(0, 1));
    expect(forward).toBeCloseTo(sum(sparse!.forward), 12);
    expect(backward).toBeCloseTo(sum(sparse!.backward) + sum(sparse!.recompute), 12);
    expect(sum(sparse!.recompute)).toBeGreaterThan(0.5 * sum(sparse!.forward));
  });

  it('has the ends that stand in it, in the pass in which they are done', () => {
    const { embedding, head } = PROFILE;
    for (const [ends, end] of [
      [{ embedding: true, head: false }, embedding.time],
      [{ embedding: false, head: true }, head.time],
    ] as const) {
      const { forward, backward } = split(chunk(0, 0, ends));
      expect(forward / sum(end.forward)).toBeCloseTo(1, 9);
      expect(backward / sum(end.backward)).toBeCloseTo(1, 9);
      expect(chunk(0, 0, ends).weightGrad).toBeCloseTo(end.weightGrad, 12);
    }
    const both = split(chunk(2, 3, { embedding: true, head: true }));
    const layers = split(chunk(2, 3));
    expect(both.forward).toBeCloseTo(
      layers.forward + sum(embedding.time.forward) + sum(head.time.forward),
      12,
    );
    expect(both.backward).toBeCloseTo(
      layers.backward + sum(embedding.time.backward) + sum(head.time.backward),
      12,
    );
  });

  it('pays a layer of the last kind and what stands beside it for each further token predicted', () => {
    const model = (mtpLayers: number) => ({ ...PROBLEM.model, mtpLayers });
    const profile = profileOn({ ...PROBLEM, model: model(1) });
    const head = (n: number) => {
      const one = chunkTime(model(n), [[0, 0]], profile, { embedding: false, head: true });
      return { seconds: passes({ ...one.ends, weightGrad: 0 }), weightGrad: one.weightGrad };
    };
    const last = profile.layers[0]![1]!.time;
    const module = passes(last) + passes(profile.prediction.time);
    expect(head(2).seconds - head(0).seconds).toBeCloseTo(2 * module, 12);
    expect(head(2).weightGrad - head(0).weightGrad).toBeCloseTo(
      2 * (last.weightGrad + profile.prediction.time.weightGrad),
      12,
    );
  });
});

describe('parts of a stage', () => {
  it('sum to all passes of its chunks, recomputation and ends apart', () => {
    const chunks = [
      chunk(1, 3, { embedding: true, head: false }),
      chunk(0, 4, { embedding: false, head: true }),
    ];
    const { recomputation, 'embedding, head and loss': ends, ...layers } = computeParts(chunks);
    const passesOf = (pick: 'forward' | 'backward' | 'recompute') =>
      chunks.reduce((all, one) => all + sum(one[pick]), 0);
    expect(recomputation).toBeCloseTo(passesOf('recompute'), 12);
    expect(ends).toBeCloseTo(passes(PROFILE.embedding.time) + passes(PROFILE.head.time), 12);
    const all = Object.values(layers).reduce((a, b) => a + b, 0);
    expect(all).toBeCloseTo(passesOf('forward') + passesOf('backward'), 12);
  });
});
