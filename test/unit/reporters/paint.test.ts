import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grid, painter } from '../../../src/reporters/paint.ts';
import { wrap } from '../../../src/units/wrap.ts';

const words = fc.array(fc.stringMatching(/^[a-zA-Z0-9×±]{1,12}$/), { minLength: 1, maxLength: 40 });

describe('wrapped text', () => {
  it('keeps every word in its order, on lines no wider than asked and as full as can be', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 20, max: 80 }), (all, columns) => {
        const lines = wrap(all.join(' '), columns, '    ').split('\n');
        expect(lines.flatMap((line) => line.trim().split(' '))).toEqual(all);
        for (const [i, line] of lines.entries()) {
          expect(line.length).toBeLessThanOrEqual(columns);
          expect(line.startsWith('    ')).toBe(i > 0);
          const next = lines[i + 1]?.trim().split(' ')[0];
          if (next !== undefined) expect(line.length + 1 + next.length).toBeGreaterThan(columns);
        }
      }),
      { seed: 1 },
    );
  });

  it('begins where it began', () => {
    expect(wrap('  one two', 8, '    ')).toBe('  one\n    two');
  });
});

describe('a grid', () => {
  const text = grid(
    ['name', 'step'],
    [
      ['a', '1.00 s'],
      ['much longer', '12 ms\n7 us'],
    ],
    [1],
  );

  it('has figures under one another, two spaces from the longest name', () => {
    expect(text.split('\n')).toEqual([
      'name           step',
      'a            1.00 s',
      'much longer   12 ms',
      '               7 us',
    ]);
  });
});

describe('colour', () => {
  it('is there only when it is asked for', () => {
    const colored = (color: boolean) => painter({ columns: 80, color }).bold('x');
    expect(colored(false)).toBe('x');
    expect(colored(true)).toBe('\u001b[1mx\u001b[22m');
  });
});
