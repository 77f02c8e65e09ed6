import { describe, expect, it } from 'vitest';
import { parsePython } from '../../../src/foreign/python/parse.ts';
import { after } from '../../../src/foreign/python/scope.ts';
import type { Scope, Value } from '../../../src/foreign/python/value.ts';
import { callsOf, everyStatement } from '../../../src/foreign/python/walk.ts';

/** The values of names after all statements of a text, blocks included. */
function namesAfter(text: string): Record<string, Value> {
  let scope: Scope = new Map();
  for (const statement of everyStatement(parsePython(text))) scope = after(statement, scope);
  return Object.fromEntries(scope);
}
const named = (name: string, module: string | null = null) => ({ kind: 'named', name, module });
const unreadable = { kind: 'unreadable' };

describe('what a statement does to names', () => {
  it.each<[text: string, names: Record<string, unknown>]>([
    ['a = 1\nb = a + 1', { a: 1, b: 2 }],
    ['a, b = 1, [2]', { a: 1, b: [2] }],
    ['a = b = 1', { a: 1, b: 1 }],
    ['(a, [b, c]) = 1, (2, 3)', { a: 1, b: 2, c: 3 }],
    ['a: int = 1', { a: 1 }],
    ['a: int', {}],
    ['a, b = f()', { a: unreadable, b: unreadable }],
    ['a = 1; b = 2; ', { a: 1, b: 2 }],
    ['a = 1\na, *b = x', { a: unreadable, b: unreadable }],
    ['a = [1]\na[0] = 2', { a: unreadable }],
    ['a = f()\na[0] = 2\na.b = 3', { a: { kind: 'made' } }],
    ['a = 1\na += 1', { a: unreadable }],
    ['a = [1]\na.append(2)', { a: unreadable }],
    ['a = [[1]]\na[0].append(2)', { a: unreadable }],
    ['a = {}\na.b["c"] += 2', { a: unreadable }],
    ['a = f()\na.update(b=1)', { a: { kind: 'made' } }],
    ['a = 1\ndel a', { a: unreadable }],
    ['a = 1\nf(a)', { a: 1 }],
    ['for a, (b, c) in d: pass', { a: unreadable, b: unreadable, c: unreadable }],
    ['for a in b:\n    c = 1\nelse:\n    d = 2', { a: unreadable, c: 1, d: 2 }],
    ['while a:\n    b = 1', { b: 1 }],
    ['if a:\n    b = 1\nelif c:\n    d = 2\nelse:\n    e = 3', { b: 1, d: 2, e: 3 }],
    ['if a: b = 1', { b: 1 }],
    ['with f() as a, g() as b:\n    c = 1', { a: unreadable, b: unreadable, c: 1 }],
    ['try:\n    a = 1\nexcept E as e:\n    b = 2\nfinally:\n    c = 3', { e: unreadable, a: 1, b: 2, c: 3 }],
    ['match a:\n    case 1:\n        b = 2', { b: 2 }],
    ['class A(B):\n    c = 1', { A: unreadable, c: 1 }],
    ['@d\nclass A: c = 1', { A: unreadable, c: 1 }],
    ['def f(a, b: int = 1, *c, d=2, **e) -> int:\n    g = 1\n    return g', { f: named('f'), g: 1 }],
    ['@d(1)\nasync def f(): a = 1', { f: named('f'), a: 1 }],
    ['lambda a: 1', {}],
    ['import a', { a: named('a') }],
    ['import a.b', { a: named('a') }],
    ['import a.b as c, d', { c: named('a.b'), d: named('d') }],
    ['from a.b import c as d, e', { d: named('c', 'a.b'), e: named('e', 'a.b') }],
    ['from a import (\n    b,\n    c,\n)', { b: named('b', 'a'), c: named('c', 'a') }],
    ['from . import a', { a: named('a', '.') }],
    ['from ..a import b', { b: named('b', '..a') }],
    ['from a import *', {}],
    [
      'from a import b\nc = b\nd = c()',
      { b: named('b', 'a'), c: named('b', 'a'), d: { by: named('b', 'a') } },
    ],
    ['pass\nreturn\nassert a\nglobal b\nraise c', {}],
    ['\uFEFFa = 1\r\nb = 2\r\n', { a: 1, b: 2 }],
    ['a = 1 # = 2', { a: 1 }],
    ['a = \\\n  1', { a: 1 }],
  ])('%s', (text, names) => {
    const found = namesAfter(text);
    expect(Object.keys(found).sort()).toEqual(Object.keys(names).sort());
    expect(found).toMatchObject(names);
  });

  it('keeps its line', () => {
    const lines = (text: string) => [...everyStatement(parsePython(text))].map(({ line }) => line);
    expect(lines('a = 1\n\nb = [\n  1,\n]\nc = 2; d = 3')).toEqual([1, 3, 6, 6]);
    expect(lines('def f():\n\n    a = 1\n    if b:\n        c = 1')).toEqual([1, 3, 4, 5]);
    expect(lines('"""a\nb"""\r\nc = 1')).toEqual([1, 3]);
  });
});

describe('a function', () => {
  it('has parameters with their defaults, decorators and a body', () => {
    const [one] = parsePython('@d(1)\ndef f(a, b: int = 2, *, c=x):\n    return a, b');
    expect(one).toMatchObject({
      kind: 'function',
      name: 'f',
      parameters: [
        { name: 'a', value: null },
        { name: 'b', value: { kind: 'constant', value: 2 } },
        { name: 'c', value: { kind: 'name', name: 'x' } },
      ],
      decorators: [{ kind: 'name', name: 'd' }, { kind: 'constant' }],
      body: [{ kind: 'return', value: { kind: 'list', items: [{ name: 'a' }, { name: 'b' }] }, line: 3 }],
    });
  });

  it('may return nothing', () => {
    const [one] = parsePython('def f():\n    return');
    expect(one).toMatchObject({ body: [{ kind: 'return', value: null }] });
  });
});

describe('calls in a statement', () => {
  it.each([
    ['f(g(1), a=h())(2)', ['f(g(1), a=h())(2)', 'f(g(1), a=h())', 'g(1)', 'h()']],
    ['a = [f() for x in g()]', ['f()', 'g()']],
    ['a = {"b": f(), **g()}', ['f()', 'g()']],
    ['a = f"{f()}" "b"', ['f()']],
    ['a = f() + -g()', ['f()', 'g()']],
    ['a = f() if g() else (lambda: h())', ['f()', 'g()', 'h()']],
    ['a[f()] = g().h', ['f()', 'g()']],
    ['return f()', ['f()']],
    ['@f(g())\ndef g(a=h()):\n    i()', ['g()', 'h()']],
    ['if f():\n    g()', ['f()']],
    ['with f() as a: g()', ['f()']],
    ['a += f()', ['f()']],
    ['assert f(), g()', ['f()', 'g()']],
    ['f(*g(), **h())', ['f(*g(), **h())', 'g()', 'h()']],
    ['import f', []],
  ])('%s', (text, calls) => {
    const [statement] = parsePython(text);
    expect(callsOf(statement!).map((call) => call.text)).toEqual(calls);
  });
});

describe('what is no Python', () => {
  it.each([
    '',
    ')',
    'def',
    'def f(:\n  a = 1',
    'def f(a, =): pass',
    'if',
    'from import',
    'import',
    'for in: pass',
    'with as: pass',
    'class',
    '@',
    '= 1',
    'a =',
    '"""',
    'f"{',
    '\\',
    '\t\n  x\n y',
    '(((((',
    '\u0000',
    'match x:\n case',
  ])('%j is read as far as it goes', (text) => {
    expect(() => namesAfter(`${text}\nz = 1`)).not.toThrow();
  });

  it('does not hide what stands below', () => {
    expect(namesAfter('a = = 1\nb = 2')).toMatchObject({ a: unreadable, b: 2 });
    expect(namesAfter('a = 8 16\nb = 2')).toMatchObject({ a: unreadable, b: 2 });
    expect(namesAfter('a = "x\nb = 2')).toMatchObject({ a: unreadable, b: 2 });
  });
});
