import { describe, expect, it } from 'vitest';
import { kneeOf } from '../../../src/search/knee.ts';

/** GPUs and seconds of a step. */
function knee(...sizes: readonly (readonly [number, number])[]) {
  const found = kneeOf(sizes.map(([gpus, stepSeconds]) => ({ gpus, stepSeconds })));
  return found === null ? null : [found.at.gpus, found.next?.gpus ?? null, found.near?.gpus ?? null];
}

describe('where scaling stops paying', () => {
  it('twice the GPUs should bring a factor of 1.5, and less of them as much less', () => {
    expect(knee([16, 10], [32, 6.6], [64, 4.5])).toEqual([32, 64, null]);
    expect(knee([16, 10], [32, 6.6], [64, 4.3])).toEqual([64, null, null]);
    // Half as many again: 1.5 to the power of log2(1.5), which is 1.27.
    expect(knee([32, 10], [48, 7.8])).toEqual([48, null, null]);
    expect(knee([32, 10], [48, 8])).toEqual([32, 48, null]);
  });

  it('a size that splits badly does not end it', () => {
    expect(knee([32, 10], [40, 9.9], [48, 9.8], [64, 5.2])).toEqual([64, null, null]);
    expect(knee([32, 10], [40, 10], [64, 5.2])).toEqual([64, null, null]);
  });

  it('powers of two alone do not say it: what lies between them may be as good', () => {
    expect(knee([32, 10], [64, 6], [128, 4.15])).toEqual([64, 128, null]);
    expect(knee([32, 10], [64, 6], [96, 4.3], [128, 4.15])).toEqual([96, 128, 96]);
  });

  it('the fewest GPUs within 5 % of the fastest are told, unless those are the fastest', () => {
    expect(knee([8, 10], [16, 6], [24, 5.2], [32, 5])).toEqual([16, 24, 24]);
    expect(knee([8, 10], [16, 6], [24, 5.3], [32, 5])).toEqual([16, 24, null]);
  });

  it('more GPUs that bring nothing: the last that does', () => {
    expect(knee([8, 10], [16, 6], [32, 6])).toEqual([16, null, null]);
  });

  it('one size is compared with nothing', () => {
    expect(knee()).toBeNull();
    expect(knee([8, 10])).toBeNull();
    expect(knee([8, 10], [8, 10])).toBeNull();
  });
});
