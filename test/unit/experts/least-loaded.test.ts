import { describe, expect, it } from 'vitest';
import { LEAST_LOADED, leastLoaded } from '../../../src/experts/least-loaded.ts';
import { concentrated, imbalanceOf, rankLoads, sum } from '../../../src/experts/loads.ts';
import { generator } from '../../../src/units/random.ts';

const SEED = Number(process.env.SEED ?? 1);

describe('loads of experts', () => {
  it('of 80 % to one expert of 128 on eight ranks: one has 6.6 times the mean', () => {
    const loads = concentrated(128, { tokens: 8 * 32768, topK: 4, share: 0.8, hot: 1 });
    expect(sum(loads)).toBeCloseTo(8 * 32768 * 4, 3);
    expect(loads[0]).toBeCloseTo(0.8 * 8 * 32768 * 4, 3);
    expect(imbalanceOf(rankLoads(loads, 8))).toBeCloseTo(8 * (0.8 + (0.2 * 15) / 127), 9);
  });

  it('of a token lie among as many experts as it has choices, however many are hot', () => {
    const loads = concentrated(128, { tokens: 1000, topK: 4, share: 0.5, hot: 16 });
    expect(loads.slice(0, 4)).toEqual([500, 500, 500, 500]);
    expect(sum(loads.slice(4, 16))).toBe(0);
  });
});

describe('the least-loaded rule', () => {
  it('leaves experts at home below its threshold', () => {
    const loads = [12, 10, 10, 10];
    expect(leastLoaded(loads, 4)).toEqual({ loads, spilled: [] });
  });

  it('fills ranks up to their capacity, those with least first', () => {
    const { loads, spilled } = leastLoaded([9000, 1000, 3000, 3000], 4, { ...LEAST_LOADED, least: 1 });
    // 4,000 each: 5,000 of the first are left, 3,000 for the rank that has least.
    expect(loads).toEqual([4000, 4000, 4000, 4000]);
    expect(spilled).toEqual([
      { expert: 0, rank: 1, tokens: 3000 },
      { expert: 0, rank: 2, tokens: 1000 },
      { expert: 0, rank: 3, tokens: 1000 },
    ]);
  });

  it('moves no piece too small where another rank can take all that is left, and forces what nobody can take', () => {
    const { loads, spilled } = leastLoaded([9000, 3200, 1900, 1900], 4, { ...LEAST_LOADED, least: 1024 });
    expect(sum(loads)).toBeCloseTo(16000, 6);
    for (const { tokens, rank } of spilled) expect(tokens >= 1024 || loads[rank]! > 3200).toBe(true);
  });

  it('keeps every token, and is never worse than home', () => {
    const random = generator(SEED);
    for (let i = 0; i < 200; i++) {
      const loads = Array.from({ length: 32 }, () => Math.floor(4000 * random() ** 4));
      const home = rankLoads(loads, 8);
      const { loads: dealt, spilled } = leastLoaded(loads, 8);
      expect(sum(dealt)).toBeCloseTo(sum(loads), 3);
      expect(Math.max(...dealt)).toBeLessThanOrEqual(Math.max(...home) + 1e-6);
      for (const { expert, rank } of spilled) expect(rank).not.toBe(Math.floor(expert / 4));
    }
  });
});
