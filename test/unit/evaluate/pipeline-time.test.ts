import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/domain/plan.ts';
import { pipelineTime } from '../../../src/evaluate/time/pipeline-time.ts';
import { runStages, type StageRun } from '../../../src/evaluate/time/stage-run.ts';
import { coefficients } from '../../../src/hardware/coefficients.ts';
import { SCHEDULES } from '../../../src/schedules/index.ts';
import { lineOf } from '../../../src/schedules/lined-up.ts';
import { scheduleLaw } from '../../../src/schedules/schedule.ts';
import { simulate } from '../../../src/schedules/simulate.ts';
import { DENSE, planned } from '../frameworks/fixture.ts';

const P = 4;
const planWith = (schedule: string, vpp: number) =>
  planned(DENSE, `tp=8,pp=${P},dp=2,vpp=${vpp},micro-batch=1,schedule=${schedule}`);

/** Stages that take these seconds for a micro-batch, of as many micro-batches; nothing is sent unless bytes are given. */
function runsOf(plan: Plan, m: number, forward: (s: number) => number, bytes = 0, hidden = 0): StageRun[] {
  const stack = { ...DENSE.stack, overlap: { ...DENSE.stack.overlap, pipeline: hidden } };
  const chunks = plan.dims.vpp;
  const each = (seconds: number) => new Array<number>(chunks).fill(seconds / chunks);
  return runStages({ ...DENSE, stack }, plan, 0).map((run, s) => ({
    ...run,
    blocks: run.blocks.map((one) => ({ ...one, profile: { ...one.profile, boundaryBytes: bytes } })),
    microBatches: m,
    forward: each(forward(s)),
    backward: each(2 * forward(s)),
    weightGrad: each(forward(s)),
  }));
}

const timed = (plan: Plan, runs: readonly StageRun[]) => pipelineTime(DENSE, plan, plan.pipelines[0]!, runs);

describe('a pipeline of equal stages', () => {
  // Played out, at the edge of what is, and far beyond.
  it.each([1, 4, 7, 40, 64, 512])('takes (m + p − 1)(F + B) for %i micro-batches', (m) => {
    for (const id of ['1f1b', 'gpipe']) {
      const plan = planWith(id, 1);
      const { makespanSeconds, busySeconds } = timed(
        plan,
        runsOf(plan, m, () => 1),
      );
      expect(makespanSeconds, id).toBeCloseTo((m + P - 1) * 3, 6);
      for (const busy of busySeconds) expect(busy).toBeCloseTo(3 * m, 6);
    }
  });

  it.each([4, 8, 256])('of two chunks each waits half as long, for %i micro-batches', (m) => {
    const plan = planWith('interleaved-1f1b', 2);
    const { makespanSeconds } = timed(
      plan,
      runsOf(plan, m, () => 1),
    );
    expect(makespanSeconds).toBeCloseTo(3 * m + (3 * (P - 1)) / 2, 6);
  });

  it('of one stage does its micro-batches one after the other', () => {
    const plan = planned(DENSE, 'tp=8,pp=1,dp=8,micro-batch=1');
    const time = timed(
      plan,
      runsOf(plan, 64, () => 1),
    );
    expect(time).toMatchObject({ makespanSeconds: 192, busySeconds: [192], finishSeconds: [192] });
  });
});

describe('a pipeline that never drains', () => {
  it.each([4, 7, 40, 64, 512])('takes m · (F + B) a step of %i micro-batches: (m + p − 1)/m as fast', (m) => {
    const seconds = (id: string, forward: (s: number) => number) => {
      const plan = planWith(id, 1);
      return timed(plan, runsOf(plan, m, forward)).makespanSeconds;
    };
    for (const id of ['2bw', '2bw-ef', 'paci']) {
      expect(
        seconds(id, () => 1),
        id,
      ).toBeCloseTo(3 * m, 6);
      expect(seconds('1f1b', () => 1) / seconds(id, () => 1), id).toBeCloseTo((m + P - 1) / m, 9);
      // Of unlike stages the slowest alone counts, wherever it stands.
      for (const slowest of [0, 1, 3]) {
        const unlike = seconds(id, (s) => (s === slowest ? 1.5 : 1));
        expect(unlike, `${id}, ${slowest}`).toBeCloseTo(4.5 * m, 6);
      }
    }
  });

  it.each([
    [8, 2.04],
    [16, 1.51],
  ])('of 8 stages and %i micro-batches, published %d times as fast to a perplexity', (m, published) => {
    const speedUp = (m + 8 - 1) / m;
    // 1.875 and 1.4375: the rest is convergence, not speed.
    expect(published / speedUp).toBeGreaterThan(1);
    expect(published / speedUp).toBeLessThan(1.1);
  });
});

describe('many micro-batches', () => {
  const shapes = SCHEDULES.filter(({ flows }) => flows !== true).flatMap((schedule) =>
    [1, 2].map((virtualStages) => ({ schedule, virtualStages })),
  );

  it.each(
    shapes
      .filter(
        ({ schedule, virtualStages }) =>
          scheduleLaw(schedule, { stages: P, microBatches: 96, virtualStages }) === null,
      )
      .map((one) => [one.schedule.id, one.virtualStages, one.schedule] as const),
  )('take under %s with %i chunks what they take played out one by one', (id, virtualStages, schedule) => {
    const plan = planWith(id, virtualStages);
    for (const m of virtualStages === 1 ? [96, 97, 203] : [96, 200]) {
      const shape = { stages: P, microBatches: m, virtualStages };
      const runs = runsOf(plan, m, (s) => [1, 1.5, 1.25, 1][s]!);
      const costs = {
        forward: runs.map((run) => run.forward),
        backward: runs.map((run) =>
          run.backward.map((b, c) => b - (schedule.splitsBackward ? run.weightGrad[c]! : 0)),
        ),
        weightGrad: runs.map((run) => run.weightGrad),
        transfer: new Array<number>(P * virtualStages - 1).fill(0),
      };
      const played = simulate(lineOf(schedule, shape), costs);
      const time = timed(plan, runs);
      expect(time.makespanSeconds / played.makespanSeconds, `${m}`).toBeCloseTo(1, 9);
      for (const [s, finish] of time.finishSeconds.entries())
        expect(finish / played.finishSeconds[s]!).toBeCloseTo(1, 9);
    }
  });
});

describe('what stages send', () => {
  const plan = planWith('1f1b', 1);
  const MiB = 2 ** 20;
  const time = (bytes: number, hidden: number, m = 1) =>
    timed(
      plan,
      runsOf(plan, m, () => 1, bytes, hidden),
    );
  /** What a transfer costs where the stack hides it: it delays one micro-batch at each boundary, there and back. */
  const once = (bytes: number) => (time(bytes, 1).makespanSeconds - 3 * P) / (2 * (P - 1));
  const { pipelineExposed } = coefficients(undefined);

  it('takes the time of the network, and a latency', () => {
    // Each GPU has a card of its own, whose rate nothing beats.
    const { link } = DENSE.cluster.groups[0]!.nic;
    const perByte = (once(96 * MiB) - once(32 * MiB)) / (64 * MiB);
    expect(perByte).toBeGreaterThan(1 / link.bandwidth);
    expect(perByte).toBeLessThan(2 / (link.bandwidth * link.efficiency));
    expect(once(64 * MiB)).toBeCloseTo((once(96 * MiB) + once(32 * MiB)) / 2, 12);
    expect(once(32 * MiB)).toBeGreaterThan(32 * MiB * perByte);
  });

  it.each([0, 0.4, 0.6, 1])('keeps both sides busy as far as it is not hidden: %d of it is', (hidden) => {
    const m = 24;
    const exposed = once(64 * MiB) * pipelineExposed * (1 - hidden);
    const { busySeconds, transferSeconds } = time(64 * MiB, hidden, m);
    for (const [s, neighbours] of [1, 2, 2, 1].entries()) {
      expect(transferSeconds[s]).toBeCloseTo(neighbours * m * exposed, 9);
      expect(busySeconds[s]).toBeCloseTo(3 * m + neighbours * m * exposed, 9);
    }
    // What does not keep the sender busy still has to arrive.
    const delayed = 3 * P + 2 * (P - 1) * Math.max(exposed, once(64 * MiB));
    expect(time(64 * MiB, hidden).makespanSeconds).toBeCloseTo(delayed, 9);
  });
});
