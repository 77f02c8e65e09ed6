import type { SyntaxNode } from '@lezer/common';
import { quoted, stringOf, unescaped } from './string-literal.ts';
import type { Expression, Form } from './syntax.ts';
import { childrenOf, type Parsed } from './tree.ts';

/** How the expressions inside one are read. */
export interface Reader extends Parsed {
  read(node: SyntaxNode): Expression;
}

/** The expression of a node of one kind; null: it is none that can be worked out. */
export type Reading = (node: SyntaxNode, reader: Reader) => Form | null;

const CONSTANTS: Readonly<Record<string, boolean | null>> = { True: true, False: false, None: null };

const constant: Reading = (node, { textOf }) => {
  const value = CONSTANTS[textOf(node)];
  return value === undefined ? null : { kind: 'constant', value };
};

/** Whole numbers are Python's where they are exact here; imaginary ones are none. */
const number: Reading = (node, { textOf }) => {
  const value = Number(textOf(node).replaceAll('_', ''));
  const float = /^\d*\.|^\d+e/i.test(textOf(node));
  return Number.isFinite(value) && (float || Number.isSafeInteger(value))
    ? { kind: 'constant', value }
    : null;
};

const string: Reading = (node, { textOf }) => {
  const value = stringOf(textOf(node));
  return value === null ? null : { kind: 'constant', value };
};

const name: Reading = (node, { textOf }) => ({
  kind: 'name',
  name: textOf(node),
});

/** `f"layers.{i}"`; how a value is to be formatted is not worked out. */
const template: Reading = (node, { textOf, read }) => {
  const literal = textOf(node);
  const found = quoted(literal);
  const replaced = childrenOf(node).filter((child) => child.name === 'FormatReplacement');
  if (found === null || replaced.some((one) => childrenOf(one).length !== 3)) return null;
  const starts = [found.from, ...replaced.map(({ to }) => to - node.from)];
  const ends = [...replaced.map(({ from }) => from - node.from), found.to];
  const texts = starts.map((start, i) => unescaped(literal.slice(start, ends[i]), found.raw));
  if (!texts.every((text) => text !== null)) return null;
  const parts = texts.flatMap((text, i) => {
    const value = replaced[i] === undefined ? [] : [read(childrenOf(replaced[i])[1]!)];
    return [text.replaceAll(/([{}])\1/g, '$1'), ...value];
  });
  return { kind: 'template', parts };
};

/** Strings that stand side by side are one. */
const strings: Reading = (node, { read }) => ({
  kind: 'template',
  parts: childrenOf(node).map(read),
});

export const ATOMS: Readonly<Record<string, Reading>> = {
  Boolean: constant,
  None: constant,
  Number: number,
  String: string,
  FormatString: template,
  ContinuedString: strings,
  VariableName: name,
};
