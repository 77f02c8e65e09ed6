import type { SyntaxNode } from '@lezer/common';
import { ATOMS, type Reader } from './atoms.ts';
import { COMPOUNDS, itemsOf } from './compounds.ts';
import type { Expression } from './syntax.ts';
import { childrenOf, hasError, type Parsed, written } from './tree.ts';

/** What is nested deeper is not looked into. */
const MOST_DEPTH = 200;
const READINGS = { ...ATOMS, ...COMPOUNDS };

/** The expression of a node; `other` where it cannot be worked out, or is no Python. */
export function expression(node: SyntaxNode, parsed: Parsed): Expression {
  return readerAt(parsed, 0).read(node);
}

/** Expressions with commas between are a tuple; null: there is none, or one is starred. */
export function tuple(nodes: readonly SyntaxNode[], parsed: Parsed): Expression | null {
  const [first, ...more] = nodes;
  if (first === undefined) return null;
  if (more.length === 0) return expression(first, parsed);
  const items = itemsOf(nodes, readerAt(parsed, 0));
  if (items === null) return null;
  const text = items.map((item) => item.text).join(', ');
  return { kind: 'list', items, text, line: parsed.lineOf(first) };
}

/** The expressions that stand in a node of any kind, but for those in its blocks of statements. */
export function inside(node: SyntaxNode, parsed: Parsed): Expression[] {
  return insideOf(node, parsed, 0);
}

function readerAt(parsed: Parsed, depth: number): Reader {
  return {
    ...parsed,
    read(node) {
      const reading = depth > MOST_DEPTH || hasError(node) ? undefined : READINGS[node.name];
      const form = reading?.(node, readerAt(parsed, depth + 1)) ?? {
        kind: 'other',
        inside: insideOf(node, parsed, depth + 1),
      };
      return { ...form, text: written(node, parsed), line: parsed.lineOf(node) };
    },
  };
}

function insideOf(node: SyntaxNode, parsed: Parsed, depth: number): Expression[] {
  if (depth > MOST_DEPTH) return [];
  return childrenOf(node).flatMap((child) => {
    if (child.name === 'Body') return [];
    const isExpression = child.name in READINGS || child.name.endsWith('Expression');
    return isExpression ? [readerAt(parsed, depth).read(child)] : insideOf(child, parsed, depth + 1);
  });
}
