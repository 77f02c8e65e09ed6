import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { float, yamlText } from '../../../src/frameworks/writing/yaml-text.ts';

describe('YAML for frameworks', () => {
  it('has strings in quotes, plain lists on one line and mappings in lists', () => {
    const value = {
      name: 'on',
      eps: 1e-8,
      min: 0.000015,
      clip: float(1),
      none: null,
      modules: ['mlp', 'moe'],
      stages: [{ name: 'a', data: { seed: 1 } }],
    };
    expect(yamlText(value, ['where from', 'what else'])).toBe(
      [
        '# where from',
        '# what else',
        'name: "on"',
        'eps: 1.0e-8',
        'min: 0.000015',
        'clip: 1.0',
        'none: null',
        'modules: ["mlp", "moe"]',
        'stages:',
        '- name: "a"',
        '  data:',
        '    seed: 1',
        '',
      ].join('\n'),
    );
  });

  it.each(['1.1', '1.2'] as const)('is read back by YAML %s', (version) => {
    const plain = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...`"'\\#:-\n\té~`) }),
      fc.constantFrom('yes', 'off', 'null', '1e-8', '0x1F', '2026-01-01', '~', ''),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
      fc.boolean(),
      fc.constant(null),
    );
    const key = fc.string({ unit: fc.constantFrom(...'abcxyz_'), minLength: 2 });
    const value = fc.oneof(
      plain,
      fc.array(plain),
      fc.dictionary(key, plain),
      fc.array(fc.dictionary(key, plain)),
    );
    fc.assert(
      fc.property(fc.dictionary(key, value, { minKeys: 1 }), (object) => {
        expect(parse(yamlText(object, ['# a comment: "with" all']), { version })).toEqual({ ...object });
      }),
      { seed: 8, numRuns: 300 },
    );
  });
});
