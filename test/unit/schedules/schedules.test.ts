import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inFlightOf } from '../../../src/schedules/in-flight.ts';
import { SCHEDULES, scheduleOf } from '../../../src/schedules/index.ts';
import { lineOf } from '../../../src/schedules/lined-up.ts';
import {
  apart,
  modelsIn,
  type PipelineShape,
  type Schedule,
  scheduleLaw,
} from '../../../src/schedules/schedule.ts';
import { type PassCosts, simulate } from '../../../src/schedules/simulate.ts';

function costs(
  shape: PipelineShape,
  forward: (s: number) => number,
  backward: (s: number) => number,
  transfer = 0,
): PassCosts {
  const each = (of: (s: number) => number) =>
    Array.from({ length: shape.stages }, (_, s) =>
      new Array<number>(shape.virtualStages).fill(of(s) / shape.virtualStages),
    );
  return {
    forward: each(forward),
    backward: each(backward),
    weightGrad: each(() => 0),
    transfer: new Array<number>(shape.stages * shape.virtualStages - 1).fill(transfer),
  };
}

function run(schedule: Schedule, shape: PipelineShape, c: PassCosts) {
  return simulate(lineOf(schedule, shape), c);
}

/** Most whole-stage activations alive at once, by stage. */
function peaks(schedule: Schedule, shape: PipelineShape): number[] {
  return inFlightOf(schedule, shape).map((front) =>
    Math.max(...front.map((alive) => alive.reduce((sum, n) => sum + n / shape.virtualStages, 0))),
  );
}

const SHAPES: readonly PipelineShape[] = [1, 2, 3, 4, 8].flatMap((stages) =>
  [1, 2, 4].flatMap((virtualStages) =>
    [1, 2, 5, 8, 12, 13, 24].map((microBatches) => ({ stages, virtualStages, microBatches })),
  ),
);

describe.each(SCHEDULES.map((schedule) => [schedule.id, schedule] as const))('%s', (_, schedule) => {
  const shapes = SHAPES.filter((shape) => scheduleLaw(schedule, shape) === null);

  it('does every pass of every micro-batch exactly once', () => {
    for (const shape of shapes) {
      for (const passes of schedule.order(shape).map(apart)) {
        const seen = new Set(passes.map(({ kind, microBatch, chunk }) => `${kind}${microBatch}.${chunk}`));
        expect(seen.size).toBe(passes.length);
        expect(passes.length).toBe(
          ((schedule.splitsBackward ? 3 : 2) * shape.microBatches * shape.virtualStages) / modelsIn(schedule),
        );
      }
    }
  });

  it('never deadlocks and never beats its busiest stage', () => {
    for (const shape of shapes) {
      const result = run(
        schedule,
        shape,
        costs(
          shape,
          (s) => 1 + (s % 3),
          (s) => 2 + (s % 2),
        ),
      );
      expect(result.makespanSeconds).toBeGreaterThanOrEqual(Math.max(...result.busySeconds) - 1e-9);
    }
  });

  // One stage alone accumulates gradients: whatever its schedule is called, a micro-batch ends before the next begins.
  const pipelines = shapes.filter(({ stages, virtualStages }) => stages * virtualStages > 1);

  it('keeps as many micro-batches alive as published', () => {
    for (const shape of pipelines) {
      for (const [stage, whole] of peaks(schedule, shape).entries()) {
        // A building block need not use all of its limit; every other order meets it exactly.
        if (BLOCKS.has(schedule.id)) expect(whole).toBeLessThanOrEqual(schedule.peakInFlight(stage, shape));
        else expect(whole).toBeCloseTo(schedule.peakInFlight(stage, shape), 9);
      }
    }
  });

  it('shows in a few rounds what it keeps alive in many', () => {
    for (const shape of pipelines.filter(({ microBatches, stages }) => microBatches % stages === 0)) {
      const long = { ...shape, microBatches: 10 * shape.microBatches };
      expect(sorted(inFlightOf(schedule, long))).toEqual(sorted(replayed(schedule.order(long), shape)));
    }
  });
});

/** Every vector of chunks alive at once that no other exceeds, by brute force over a whole order. */
function replayed(order: ReturnType<Schedule['order']>, { virtualStages }: PipelineShape): number[][][] {
  return order.map((passes) => {
    const release = passes.some(({ kind }) => kind === 'W') ? 'W' : 'B';
    const alive = new Array<number>(virtualStages).fill(0);
    const seen = new Map<string, number[]>();
    for (const { kind, chunk } of apart(passes)) {
      if (kind === 'F') alive[chunk]! += 1;
      else if (kind === release) alive[chunk]! -= 1;
      seen.set(alive.join(), [...alive]);
    }
    const all = [...seen.values()];
    return all.filter((one) => !all.some((other) => other !== one && other.every((n, c) => n >= one[c]!)));
  });
}

function sorted(fronts: readonly (readonly (readonly number[])[])[]): string[][] {
  return fronts.map((front) => front.map((alive) => alive.join()).sort());
}

const BLOCKS = new Set(['v-half', 'v-min']);

describe('building blocks', () => {
  const bubble = (id: string, stages: number) => {
    const shape = { stages, microBatches: 4 * stages, virtualStages: 2 };
    const equal = costs(
      shape,
      () => 1,
      () => 1,
    );
    const result = run(scheduleOf(id), shape, { ...equal, weightGrad: equal.forward });
    return result.makespanSeconds / (6 * shape.microBatches) - 1;
  };

  it.each([8, 16, 32])('V-Half and V-Min on %i stages: two thirds of the bubble of 1F1B or less', (p) => {
    // 1F1B with the same micro-batches pauses (p − 1)/(4p) of the step (arXiv 2405.15362, table 2).
    expect(bubble('v-half', p)).toBeLessThan(((p - 1) / (4 * p)) * 0.67);
    expect(bubble('v-min', p)).toBeLessThan(((p - 1) / (4 * p)) * 0.7);
    expect(bubble('zb-v', p)).toBeLessThan(bubble('v-half', p));
  });

  it('V-Min keeps a third and V-Half a half of what 1F1B keeps', () => {
    const shape = { stages: 24, microBatches: 96, virtualStages: 2 };
    for (const [id, share] of [
      ['v-half', 1 / 2],
      ['v-min', 1 / 3],
    ] as const) {
      const peak = Math.max(...peaks(scheduleOf(id), shape));
      expect(peak).toBeLessThanOrEqual(24 * share + 2);
    }
  });

  it('runs ahead by whole micro-batches for vocabulary parallelism', () => {
    const shape = { stages: 8, microBatches: 32, virtualStages: 1 };
    const peak = (runAhead: number) => peaks(scheduleOf('1f1b'), { ...shape, runAhead });
    expect(peak(2)).toEqual(peak(0).map((n) => n! + 2));
  });
});

/** Published order and bubble: deepseek-ai/DualPipe@3da1bbe, README.md and dualpipe.py; unit times. */
describe('DualPipe', () => {
  const dualPipe = scheduleOf('dualpipe');
  /** Of ranks, micro-batches, and seconds of F, B, W and a shared slot. */
  const play = (stages: number, microBatches: number, [F, B, W, both]: readonly number[]) => {
    const shape = { stages, microBatches, virtualStages: 2 };
    const each = (seconds: number) => Array.from({ length: stages }, () => [seconds, seconds]);
    const result = run(dualPipe, shape, {
      forward: each(F!),
      backward: each(B! - W!),
      weightGrad: each(W!),
      transfer: new Array<number>(2 * stages).fill(0),
      fused: () => both!,
    });
    return { makespan: result.makespanSeconds, alive: Math.max(...peaks(dualPipe, shape)) * 2 };
  };

  it.each([
    [4, 8, [1, 2, 1, 3], 26],
    [8, 20, [1, 2, 1, 3], 66],
    [8, 16, [1, 2, 1, 3], 54],
    [16, 40, [1, 2, 1, 3], 134],
    [8, 20, [1, 2, 1, 2.4], 57.6],
    [8, 20, [1, 3, 1, 4], 91],
  ] as const)('on %i ranks with %i micro-batches of %j ends after %f', (ranks, m, times, total) => {
    const { makespan, alive } = play(ranks, m, times);
    expect(makespan).toBeCloseTo(total, 9);
    expect(alive).toBe(ranks + 1);
  });

  it('has the bubble (R/2 − 1)(F&B + B − 3W) where B = 2F and W = F', () => {
    for (const ranks of [4, 6, 8, 12])
      for (const more of [0, 2, 10]) {
        const m = 2 * ranks + more;
        expect(play(ranks, m, [1, 2, 1, 3]).makespan - 3 * m).toBeCloseTo(ranks / 2 - 1 + (ranks / 2 - 1), 9);
      }
  });

  it('runs the order of its own ranks, the last as the first with directions exchanged', () => {
    const order = dualPipe.order({ stages: 4, microBatches: 8, virtualStages: 2 });
    const words = (rank: number) =>
      order[rank]!.map(({ kind, chunk, whole, beside }) =>
        beside === undefined
          ? `${kind}${whole ? '' : kind === 'B' ? 'd' : ''}${chunk}`
          : `[F${chunk} B${beside.chunk}]`,
      ).join(' ');
    expect(words(0)).toBe('F0 F0 F0 F1 Bd1 W1 F1 [F0 B1] [F1 B0] B1 [F1 B0] B1 Bd0 W0 Bd0 W0');
    expect(words(1)).toBe('F0 F1 F0 F1 F0 B1 [F1 B0] [F0 B1] [F1 B0] B1 B0 Bd1 Bd0 W1 W0');
    const mirrored = (text: string) => text.replaceAll(/[01]/g, (digit) => (digit === '0' ? '1' : '0'));
    expect(words(3)).toBe(mirrored(words(0)));
    expect(words(2)).toBe(mirrored(words(1)));
  });

  it('refuses odd ranks and fewer than two micro-batches for each', () => {
    const law = (stages: number, microBatches: number) =>
      scheduleLaw(dualPipe, { stages, microBatches, virtualStages: 2 })?.rule;
    expect(law(3, 12)).toBe('schedule-stages');
    expect(law(4, 6)).toBe('schedule-micro-batches');
    expect(law(4, 9)).toBe('schedule-micro-batches');
    expect(law(4, 8)).toBeUndefined();
  });
});

describe('closed forms', () => {
  const equal = { stages: 4, microBatches: 12, virtualStages: 1 };

  it('GPipe and 1F1B with equal stages: (m + p − 1)(F + B)', () => {
    for (const id of ['gpipe', '1f1b'] as const) {
      expect(
        run(
          scheduleOf(id),
          equal,
          costs(
            equal,
            () => 1,
            () => 2,
          ),
        ).makespanSeconds,
      ).toBeCloseTo((12 + 3) * 3, 9);
    }
  });

  it('interleaving divides the bubble by v', () => {
    const shape = { stages: 4, microBatches: 12, virtualStages: 3 };
    expect(
      run(
        scheduleOf('interleaved-1f1b'),
        shape,
        costs(
          shape,
          () => 1,
          () => 2,
        ),
      ).makespanSeconds,
    ).toBeCloseTo(12 * 3 + (3 * 3) / 3, 9);
  });

  it('GPipe over uneven stages: forwards and backwards each pay the slowest stage m − 1 times', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 6 }),
        fc.integer({ min: 1, max: 12 }),
        (times, m) => {
          const shape = { stages: times.length, microBatches: m, virtualStages: 1 };
          const sum = times.reduce((a, b) => a + b, 0);
          const most = Math.max(...times);
          const result = run(
            scheduleOf('gpipe'),
            shape,
            costs(
              shape,
              (s) => times[s]!,
              (s) => 2 * times[s]!,
            ),
          );
          expect(result.makespanSeconds).toBeCloseTo(3 * (sum + (m - 1) * most), 6);
        },
      ),
      { seed: 3 },
    );
  });

  it('1F1B over uneven stages lies between its busiest stage and GPipe, and meets (m − 1)·slowest + sum from below', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 6 }),
        fc.integer({ min: 1, max: 12 }),
        (times, m) => {
          const shape = { stages: times.length, microBatches: m, virtualStages: 1 };
          const sum = times.reduce((a, b) => a + b, 0);
          const most = Math.max(...times);
          const result = run(
            scheduleOf('1f1b'),
            shape,
            costs(
              shape,
              (s) => times[s]!,
              (s) => 2 * times[s]!,
            ),
          );
          expect(result.makespanSeconds).toBeGreaterThanOrEqual(3 * m * most - 1e-6);
          expect(result.makespanSeconds).toBeLessThanOrEqual(3 * (sum + (m - 1) * most) + 1e-6);
          expect(result.makespanSeconds).toBeLessThanOrEqual(
            run(
              scheduleOf('gpipe'),
              shape,
              costs(
                shape,
                (s) => times[s]!,
                (s) => 2 * times[s]!,
              ),
            ).makespanSeconds + 1e-6,
          );
        },
      ),
      { seed: 5 },
    );
  });

  it('pays transfers about ⌊m/p⌋ times under 1F1B: the hidden critical path', () => {
    const shape = { stages: 4, microBatches: 32, virtualStages: 1 };
    const without = run(
      scheduleOf('1f1b'),
      shape,
      costs(
        shape,
        () => 1,
        () => 2,
      ),
    ).makespanSeconds;
    const delay = 0.5;
    const with_ = run(
      scheduleOf('1f1b'),
      shape,
      costs(
        shape,
        () => 1,
        () => 2,
        delay,
      ),
    ).makespanSeconds;
    const rounds = (with_ - without) / (2 * 3 * delay);
    expect(rounds).toBeGreaterThanOrEqual(32 / 4 - 1);
    expect(rounds).toBeLessThanOrEqual(32 / 4 + 1);
  });
});
