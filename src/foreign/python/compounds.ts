import type { SyntaxNode } from '@lezer/common';
import type { Reader, Reading } from './atoms.ts';
import type { Argument, Expression } from './syntax.ts';
import { bracketed, childrenOf, hasError, parted } from './tree.ts';

const inBrackets: Reading = (node, { read }) => {
  const [inner, ...more] = bracketed(node);
  return inner === undefined || more.length > 0 ? null : read(inner);
};

const list: Reading = (node, reader) => {
  const items = itemsOf(bracketed(node), reader);
  return items === null ? null : { kind: 'list', items };
};

/** Expressions with commas between; null: one of them is starred. */
export function itemsOf(nodes: readonly SyntaxNode[], { read }: Reader): Expression[] | null {
  const parts = parted(nodes, ',');
  return parts.every(({ length }) => length === 1) ? parts.map(([node]) => read(node!)) : null;
}

const dictionary: Reading = (node, { read }) => {
  const parts = parted(bracketed(node), ',');
  if (parts.some((part) => part.length !== 3)) return null;
  const entries = parts.map(([key, , value]) => [read(key!), read(value!)] as const);
  return { kind: 'dictionary', entries };
};

/** Over one list, without a condition. */
const comprehension: Reading = (node, { textOf, read }) => {
  const [value, , name, , over, ...more] = bracketed(node);
  if (value === undefined || name?.name !== 'VariableName' || over === undefined || more.length > 0)
    return null;
  return {
    kind: 'comprehension',
    value: read(value),
    name: textOf(name),
    over: read(over),
  };
};

const member: Reading = (node, { textOf, read }) => {
  const [of, , name] = childrenOf(node);
  if (of === undefined || name?.name !== 'PropertyName') return null;
  return { kind: 'attribute', of: read(of), name: textOf(name) };
};

const call: Reading = (node, reader) => {
  const [of, list] = childrenOf(node);
  const args = list === undefined ? null : argumentsOf(list, reader);
  if (of === undefined || args === null) return null;
  return { kind: 'call', of: reader.read(of), args };
};

/** null: one is no value, such as a generator. */
function argumentsOf(list: SyntaxNode, { textOf, read }: Reader): Argument[] | null {
  const parts = parted(bracketed(list), ',');
  const named = ([, second]: readonly SyntaxNode[]) => second?.name === 'AssignOp';
  if (hasError(list) || !parts.every((part) => part.length === (named(part) ? 3 : 1) || isStarred(part)))
    return null;
  return parts.map((part) => ({
    name: named(part) ? textOf(part[0]!) : isStarred(part) ? part[0]!.name : null,
    value: read(part.at(-1)!),
  }));
}

const isStarred = (part: readonly SyntaxNode[]) => part.length === 2 && /^\*\*?$/.test(part[0]!.name);

const operation: Reading = (node, { textOf, read }) => {
  const parts = childrenOf(node);
  const operator = parts.at(-2);
  if (operator?.name !== 'ArithOp') return null;
  const operands = parts.filter((part) => part !== operator).map(read);
  return { kind: 'operation', operator: textOf(operator), operands };
};

export const COMPOUNDS: Readonly<Record<string, Reading>> = {
  ParenthesizedExpression: inBrackets,
  ArrayExpression: list,
  TupleExpression: list,
  DictionaryExpression: dictionary,
  ArrayComprehensionExpression: comprehension,
  MemberExpression: member,
  CallExpression: call,
  BinaryExpression: operation,
  UnaryExpression: operation,
};
