import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  digits,
  formatBandwidth,
  formatBytes,
  formatCount,
  formatInteger,
  formatPercent,
  formatSeconds,
} from '../../../src/units/format.ts';

describe('figures as people read them', () => {
  it('have three digits and are off by less than half of the last', () => {
    const values = fc.double({ min: 1, max: 999.4, noNaN: true });
    fc.assert(
      fc.property(values, (value) => {
        const text = digits(value);
        expect(text.replace('.', ''), `${value}`).toHaveLength(3);
        const unit = 10 ** -(text.split('.')[1]?.length ?? 0);
        expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(unit * 0.5001);
      }),
      { seed: 1, examples: [[9.999], [99.97], [99.5], [9.995]] },
    );
  });

  it.each([
    [formatSeconds, 0, '0 s'],
    [formatSeconds, 1.234e-6, '1.23 us'],
    [formatSeconds, 999.4e-6, '999 us'],
    [formatSeconds, 999.6e-6, '1.00 ms'],
    [formatSeconds, 0.9994, '999 ms'],
    [formatSeconds, 0.9996, '1.00 s'],
    [formatSeconds, 131.5, '132 s'],
    [formatBytes, 80 * 2 ** 30, '80.0 GiB'],
    [formatBandwidth, 0.5e9, '500 MB/s'],
    [formatBandwidth, 450e9, '450 GB/s'],
    [formatBandwidth, 999.7e9, '1.00 TB/s'],
    [formatCount, 9_400, '9400'],
    [formatCount, 12_300, '12.3k'],
    [formatCount, 999_700, '1.00M'],
    [formatCount, 7.5e9, '7.50G'],
    [formatCount, 2e12, '2.00T'],
    [formatInteger, 999.6, '1,000'],
    [formatInteger, 1_234_567, '1,234,567'],
    [formatPercent, 0.0504, '5.0%'],
  ] as const)('%o of %d is %s', (format, value, text) => {
    expect(format(value)).toBe(text);
  });
});
