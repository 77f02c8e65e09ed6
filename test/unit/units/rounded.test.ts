import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimalsFor, fixed, fixedParts, roundedParts, sharesOf } from '../../../src/units/rounded.ts';

describe('rounded parts', () => {
  it('round up where most is lost', () => {
    expect(roundedParts([1.4, 1.4, 1.2])).toEqual([2, 1, 1]);
    expect(fixedParts([1234.5675, 0.0025], 2)).toEqual(['1,234.57', '0.00']);
  });

  it('add up to what is printed of the whole, none further than one from its own', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
        const parts = roundedParts(values);
        expect(parts.reduce((a, b) => a + b, 0)).toBe(Math.round(values.reduce((a, b) => a + b, 0)));
        for (const [i, part] of parts.entries()) expect(Math.abs(part - values[i]!)).toBeLessThan(1);
      }),
    );
  });
});

it('shares add up to a hundred per cent', () => {
  expect(sharesOf([1, 1, 1])).toEqual(['33.4%', '33.3%', '33.3%']);
  fc.assert(
    fc.property(fc.array(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
      const sum = sharesOf(values).reduce((all, share) => all + Number.parseFloat(share), 0);
      expect(sum).toBeCloseTo(100, 6);
    }),
  );
});

describe('decimals', () => {
  it.each([
    [97120.2, 5, 0, '97,120'],
    [512.345, 5, 2, '512.35'],
    [0.5, 5, 4, '0.5000'],
  ])('of %d with %i digits', (value, digits, decimals, text) => {
    expect(decimalsFor(value, digits)).toBe(decimals);
    expect(fixed(value + 1e-9, decimals)).toBe(text);
  });
});
