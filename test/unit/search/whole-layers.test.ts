import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BoundedStage, wholeLayers } from '../../../src/search/bound/whole-layers.ts';

/** What the dearest stage takes, with so many layers on each: M·(f_s + n_s·c_s) + Σ_{i<s} r_i·n_i·c_i. */
function timeOf(stages: readonly BoundedStage[], counts: readonly number[], microBatches: number): number {
  let before = 0;
  let most = 0;
  for (const [s, { seconds, beside, ramp }] of stages.entries()) {
    most = Math.max(most, microBatches * (beside + counts[s]! * seconds) + before);
    before += ramp * counts[s]! * seconds;
  }
  return most;
}

/** All ways to deal layers to stages. */
function* cuts(layers: number, stages: number): Generator<number[]> {
  if (stages === 1) yield [layers];
  else
    for (let first = 0; first <= layers; first++)
      for (const rest of cuts(layers - first, stages - 1)) yield [first, ...rest];
}

const stage = fc.record({
  seconds: fc.double({ min: 0.5, max: 3, noNaN: true }),
  beside: fc.double({ min: 0, max: 2, noNaN: true }),
  ramp: fc.constantFrom(0, 0.25, 1),
});

describe('a bound with whole layers', () => {
  it('is above no cut, and as near as the ways that it leaves out allow', () => {
    let sharper = 0;
    fc.assert(
      fc.property(
        fc.array(stage, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 16 }),
        (stages, layers, microBatches) => {
          const least = Math.min(
            ...[...cuts(layers, stages.length)].map((counts) => timeOf(stages, counts, microBatches)),
          );
          const known = least / 3;
          const bound = wholeLayers(stages, layers, { microBatches, room: null }, known);
          expect(bound).toBeLessThanOrEqual(least * (1 + 1e-9));
          expect(bound).toBeGreaterThanOrEqual(known);
          if (bound > known) sharper += 1;
        },
      ),
    );
    expect(sharper).toBeGreaterThan(0);
  });

  it('deals five layers to two equal stages as three and two', () => {
    const equal = { seconds: 1, beside: 0, ramp: 0 };
    expect(wholeLayers([equal, equal], 5, { microBatches: 8, room: null }, 20)).toBeCloseTo(24, 2);
    expect(wholeLayers([equal, equal], 4, { microBatches: 8, room: null }, 16)).toBe(16);
  });

  it('gives no stage more than fit', () => {
    const equal = { seconds: 1, beside: 0, ramp: 0 };
    const within = (room: number[]) => wholeLayers([equal, equal], 4, { microBatches: 8, room }, 16);
    expect(within([9, 1.5])).toBeCloseTo(24, 2);
    expect(within([2, 2])).toBe(16);
    expect(within([2.9, 1.9])).toBe(Number.POSITIVE_INFINITY);
  });
});
