import { describe, expect, it } from 'vitest';
import { exchangeTimes } from '../../../src/experts/exchange-rates.ts';

const TABLE = { tokens: 4096, topK: 8, hidden: 7168 };

/** Bytes of the exchange over its seconds. */
function rate(library: string, multiprocessors: number, ranks: number, domains: number): number {
  const one = exchangeTimes(TABLE, { ranks, domains }).find(
    (time) => time.library === library && time.multiprocessors === multiprocessors,
  )!;
  const places = domains > 1 ? domains : ranks;
  const sent = 4096 * places * (1 - (1 - 1 / places) ** 8) * 7168;
  return (2 * sent) / one.combineSeconds / 1e9;
}

describe('exchanges of experts', () => {
  it.each([
    ['deepep', 24, 8, 1, 158],
    ['deepep', 24, 32, 4, 57],
    ['hybridep', 4, 16, 2, 42.5],
    ['hybridep', 8, 32, 4, 50.7],
    ['hybridep', 16, 64, 8, 46.6],
    ['hybridep', 16, 36, 1, 418],
  ])(
    'of %s on %d multiprocessors over %d ranks are as measured',
    (library, sms, ranks, domains, measured) => {
      expect(rate(library, sms, ranks, domains)).toBeCloseTo(measured, 9);
    },
  );

  it('lie between those measured, and beyond the last stay as they are', () => {
    const between = rate('hybridep', 8, 24, 3);
    expect(between).toBeLessThan(57);
    expect(between).toBeGreaterThan(50.7);
    expect(rate('hybridep', 16, 512, 64)).toBeCloseTo(46.6, 9);
  });
});
