import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../src/foreign/python/evaluate.ts';
import { parsePython } from '../../../src/foreign/python/parse.ts';
import type { Scope, Value } from '../../../src/foreign/python/value.ts';

const NAMES: Scope = new Map<string, Value>([['n', 3]]);

/** What an expression is worth. */
function worth(text: string, names = NAMES): Value {
  const [statement] = parsePython(`x = ${text}`);
  if (statement?.kind !== 'assignment') throw new Error(`${text} is no expression`);
  return evaluate(statement.value, names);
}
const named = (name: string) => ({ kind: 'named', name, module: null });

describe('literals of Python', () => {
  it.each<[text: string, value: Value]>([
    ['None', null],
    ['True', true],
    ['False', false],
    ['8_192', 8192],
    ['0x1F', 31],
    ['0b101', 5],
    ['0o17', 15],
    ['1.5e-4', 1.5e-4],
    ['.5', 0.5],
    ['1E3', 1000],
    ['-3', -3],
    ['- -3', 3],
    ['+3', 3],
    ['(4)', 4],
    ['[1, "a", None,]', [1, 'a', null]],
    ['(1, 2)', [1, 2]],
    ['(1,)', [1]],
    ['1, 2', [1, 2]],
    ['()', []],
    ['[\n  1,  # one\n  2,\n]', [1, 2]],
  ])('%s', (text, value) => expect(worth(text)).toEqual(value));

  it('dictionaries', () => {
    expect(worth('{"a": 1, 2: [3],}')).toEqual({
      kind: 'dictionary',
      entries: new Map<unknown, unknown>([
        ['a', 1],
        [2, [3]],
      ]),
    });
    expect(worth('{}')).toEqual({ kind: 'dictionary', entries: new Map() });
  });
});

describe('strings', () => {
  it.each<[text: string, value: string]>([
    [`'a"b'`, 'a"b'],
    [`"a'b"`, "a'b"],
    [`"""a\n"b" """`, 'a\n"b" '],
    [`'''\n'''`, '\n'],
    ['""', ''],
    [`r"\\d\\n"`, '\\d\\n'],
    [`u"a"`, 'a'],
    [String.raw`"\n\t\\\'\"\a\b\f\r\v"`, '\n\t\\\'"\u0007\b\f\r\v'],
    [String.raw`"\x41\u00e9\U0001F600\101\0"`, 'A\u00e9\u{1F600}A\0'],
    [String.raw`"\d"`, '\\d'],
    ['"a\\\nb"', 'ab'],
    ['"a\\\r\nb"', 'ab'],
    [`"a" 'b' f"{n}"`, 'ab3'],
    ['f"x.{n}"', 'x.3'],
    ['f"{n + 1}{n}{{}}"', '43{}'],
    ['rf"\\d{n}"', '\\d3'],
    [`f"{'a'}"`, 'a'],
    ['" # for "', ' # for '],
  ])('%s', (text, value) => expect(worth(text)).toBe(value));
});

describe('arithmetic, ranges and comprehensions', () => {
  it.each<[text: string, value: Value]>([
    ['1 + 2 * n', 7],
    ['(1 + 2) * n', 9],
    ['10 - n', 7],
    ['-7 // 2', -4],
    ['-7 % 3', 2],
    ['2 ** 10', 1024],
    ['["a"] + ["b"]', ['a', 'b']],
    ['"a" + "b"', 'ab'],
    ['range(2)', [0, 1]],
    ['range(n, n + 2)', [3, 4]],
    ['range(4, 2)', []],
    ["[f'l.{i + 1}' for i in range(2)]", ['l.1', 'l.2']],
    [
      '[[j * 2 + i for i in range(2)] for j in range(2)]',
      [
        [0, 1],
        [2, 3],
      ],
    ],
    ['[n for n in [1, 2]]', [1, 2]],
    ['[" for ", 1]', [' for ', 1]],
  ])('%s', (text, value) => expect(worth(text)).toEqual(value));
});

describe('names, fields and calls', () => {
  it('stand for themselves', () => {
    expect(worth('n')).toBe(3);
    expect(worth('m')).toEqual(named('m'));
    expect(worth('a.b')).toEqual({ kind: 'field', of: named('a'), name: 'b' });
    expect(worth('f().b')).toMatchObject({
      kind: 'field',
      of: { kind: 'made', by: named('f') },
      name: 'b',
    });
  });

  it('keep arguments and keywords', () => {
    expect(worth('replace(base(), n=n, ac=FullAC.Config(), m=m)')).toMatchObject({
      kind: 'made',
      by: named('replace'),
      args: [{ kind: 'made', by: named('base'), args: [] }],
      keywords: new Map<string, unknown>([
        ['n', 3],
        [
          'ac',
          {
            ...{ kind: 'made', args: [], keywords: new Map(), open: false, text: 'FullAC.Config()', line: 1 },
            by: { kind: 'field', of: named('FullAC'), name: 'Config' },
          },
        ],
        ['m', named('m')],
      ]),
      open: false,
    });
  });

  it('say that there are more', () => {
    expect(worth('f(1, *more)')).toMatchObject({ args: [1], open: true });
    expect(worth('f(a=1, **more)')).toMatchObject({ keywords: new Map([['a', 1]]), open: true });
  });

  it('keep what is written, without comments, and its line', () => {
    const [, statement] = parsePython('\n\na = 1\nx = f(\n  1,  # one\n  "# two")\n');
    if (statement?.kind !== 'assignment') throw new Error('no assignment');
    expect(evaluate(statement.value, NAMES)).toMatchObject({ text: 'f( 1, "# two")', line: 4 });
  });
});

describe('what only Python would work out is unreadable', () => {
  it.each([
    'a if b else c',
    'a or b',
    'not a',
    '1 < 2',
    '~1',
    '7 / 2',
    '1 // 0',
    '2 ** 1000',
    '9007199254740993',
    '3j',
    'True + 1',
    '[1] * 2',
    '["a"] + 1',
    '-"a"',
    'lambda: 1',
    'await f()',
    '(y := 1)',
    'a[0]',
    'a[1:2]',
    '[*a]',
    '*a, 1',
    '{**a}',
    '{1, 2}',
    '{a: 1}',
    '{[1]: 1}',
    '{k: 1 for k in a}',
    '{k for k in a}',
    '(i for i in range(2))',
    '...',
    'b"a"',
    'f"{m}"',
    'f"{n!r}"',
    'f"{n:>3}"',
    'f"{n=}"',
    'f"{[1]}"',
    'f"{}"',
    String.raw`"\N{DASH}"`,
    String.raw`"\xZZ"`,
    String.raw`"\U00110000"`,
    'range(99999)',
    'range(1, 9, 2)',
    'range("a")',
    'range(0.5)',
    'range(*a)',
    'range(stop=3)',
    '[i for i in range(2) for j in range(2)]',
    '[i for i in range(2) if i]',
    '[i for i in m]',
    '[i for i, j in range(2)]',
    `${'('.repeat(300)}1${')'.repeat(300)}`,
    Array.from({ length: 300 }, () => '1').join(' + '),
    `"${'a'.repeat(6000)}" + "${'a'.repeat(6000)}"`,
  ])('%s', (text) => {
    expect(worth(text)).toMatchObject({ kind: 'unreadable', line: 1 });
  });

  it('where it stands in a list', () => {
    expect(worth('[1, a[0]]')).toMatchObject([1, { kind: 'unreadable', text: 'a[0]' }]);
    const third = '[[[i for i in range(2)] for j in range(1)] for k in range(1)]';
    expect(worth(third)).toMatchObject([[{ kind: 'unreadable', text: '[i for i in range(2)]' }]]);
  });

  it('as is what is no Python', () => {
    for (const text of ['', '= 8', '8 16', '(1', '"abc', "'''a", '1 +', 'f(', '[1, ', 'a.', 'f(a b)', 'f"{"'])
      expect(worth(text), text).toMatchObject({ kind: 'unreadable' });
  });

  it('a name that is none of an object’s own', () => {
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
      expect(worth(name)).toEqual(named(name));
  });
});
