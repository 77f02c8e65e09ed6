import fc from 'fast-check';
import { expect, it } from 'vitest';
import { evaluate } from '../../src/foreign/python/evaluate.ts';
import { parsePython } from '../../src/foreign/python/parse.ts';
import { type Literal, pythonText } from '../../src/foreign/python/print.ts';

const PLAIN: fc.Arbitrary<Literal> = fc.oneof(
  fc.maxSafeInteger(),
  // A whole number without an exponent is one of Python's, exact however long.
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .filter((value) => !Number.isInteger(value) || Number.isSafeInteger(value) || /e/.test(String(value))),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...`"'\\{}#\n\r\t\u0000\u2028é`) }),
  fc.boolean(),
  fc.constant(null),
);
const LITERALS = fc.letrec<{ literal: Literal }>((tie) => ({
  literal: fc.oneof({ maxDepth: 4 }, PLAIN, fc.array(tie('literal'), { maxLength: 5 })),
})).literal;

/** The value of the only assignment of a text. */
function read(text: string) {
  const [statement, ...more] = parsePython(text);
  expect(more).toEqual([]);
  if (statement?.kind !== 'assignment') throw new Error(`no assignment: ${text}`);
  return evaluate(statement.value, new Map());
}

it('literals are read as they were printed', () => {
  fc.assert(
    fc.property(LITERALS, (value) => {
      // Python's 0 has no sign, nor has JSON's.
      const unsigned = JSON.parse(JSON.stringify(value));
      expect(read(`value = ${pythonText(value)}  # a comment`)).toEqual(unsigned);
    }),
    { seed: 4, numRuns: 500 },
  );
});

it('any text is read, or says nothing', () => {
  const words = [
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '"""',
    'f"',
    ':',
    ',',
    '=',
    '.',
    '*',
    '\n',
    '\n    ',
    '#',
  ];
  const more = [
    'def f',
    'for',
    'in',
    'if',
    'else',
    'return',
    'import',
    'from',
    'as',
    'lambda',
    'a',
    '1',
    ' ',
    '\\',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words, ...more), { maxLength: 40 }), (parts) => {
      for (const statement of parsePython(parts.join(''))) expect(statement.line).toBeGreaterThan(0);
    }),
    { seed: 5, numRuns: 1000 },
  );
});
