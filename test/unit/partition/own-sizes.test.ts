import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ownSizes } from '../../../src/partition/own-sizes.ts';

const AMONG = [1, 2, 3, 4, 6, 8];

const classes = fc.array(
  fc.record({
    count: fc.integer({ min: 1, max: 4 }),
    start: fc.nat({ max: 5 }),
    each: fc.integer({ min: 1, max: 9 }),
  }),
  { minLength: 2, maxLength: 3 },
);

function every(n: number): number[][] {
  return n === 0 ? [[]] : every(n - 1).flatMap((head) => AMONG.map((size) => [...head, size]));
}

describe('sizes of micro-batches for unlike copies', () => {
  it('are the best of all unlike ones that sum up', () => {
    fc.assert(
      fc.property(classes, fc.integer({ min: 2, max: 40 }), (all, sequences) => {
        const slowest = (sizes: readonly number[]) =>
          Math.max(...sizes.map((size, i) => all[i]!.start + all[i]!.each * size));
        const sums = every(all.length).filter(
          (sizes) =>
            new Set(sizes).size > 1 &&
            sizes.reduce((sum, size, i) => sum + all[i]!.count * size, 0) === sequences,
        );
        const found = ownSizes(
          all.map(({ count, start, each }) => ({
            count,
            seconds: (size) => start + each * size,
            end: () => 0,
          })),
          { sequences, microBatches: 2 },
          AMONG,
        );
        if (found === null) expect(sums).toEqual([]);
        else {
          expect(sums).toContainEqual(found);
          expect(slowest(found)).toBe(Math.min(...sums.map(slowest)));
        }
      }),
    );
  });
});
