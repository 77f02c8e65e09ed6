import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { playDispatched } from '../../../src/schedules/dispatched/play.ts';

/** Share of the GPUs' time without work where all S stages take as long: N(N − 1) over M·S + N(N − 1). */
function bubbleShare(gpus: number, microBatches: number, stages: number): number {
  const idle = gpus * (gpus - 1);
  return idle / (microBatches * stages + idle);
}

/** S stages of one second, the first backward stage among them. */
const alike = (stages: number) => ({
  forward: new Array<number>(Math.floor(stages / 3)).fill(1),
  backward: Array.from({ length: stages - Math.floor(stages / 3) }, () => ({ before: 0.25, backward: 0.75 })),
});

describe('stateless stages dealt in rounds', () => {
  it('has the published bubble where all stages take as long', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 8 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(20),
        (gpus, rounds, more) => {
          const stages = gpus + more;
          const microBatches = gpus * rounds;
          const { makespan, busy } = playDispatched(alike(stages), {
            gpus,
            microBatches,
            perRound: gpus,
            hop: 0,
          });
          const work = busy.reduce((a, b) => a + b, 0);
          expect(work).toBeCloseTo(microBatches * stages, 6);
          // Recomputation that runs before its gradient arrives may shorten the tail, never the work.
          expect(1 - work / (gpus * makespan)).toBeLessThanOrEqual(
            bubbleShare(gpus, microBatches, stages) + 1e-9,
          );
          expect(makespan * gpus).toBeGreaterThanOrEqual(work - 1e-9);
        },
      ),
    );
  });

  it('is exact where nothing runs ahead', () => {
    const stages = { forward: [1, 1, 1], backward: new Array(5).fill({ before: 0, backward: 1 }) };
    const { makespan, busy } = playDispatched(stages, { gpus: 4, microBatches: 8, perRound: 4, hop: 0 });
    const work = busy.reduce((a, b) => a + b, 0);
    expect(1 - work / (4 * makespan)).toBeCloseTo(bubbleShare(4, 8, 8), 9);
  });

  it('pays hops only between GPUs', () => {
    const one = playDispatched(alike(6), { gpus: 1, microBatches: 3, perRound: 1, hop: 5 });
    expect(one.makespan).toBeCloseTo(18, 9);
  });
});
