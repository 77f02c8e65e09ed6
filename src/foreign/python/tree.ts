import type { SyntaxNode } from '@lezer/common';

/** A text under the parser's tree of it. */
export interface Parsed {
  textOf(node: SyntaxNode): string;
  /** The line of a position, from 1. */
  lineAt(position: number): number;
  /** The line on which a node starts. */
  lineOf(node: SyntaxNode): number;
}

export function parsedText(text: string): Parsed {
  const ends = [...text.matchAll(/\n/g)].map(({ index }) => index);
  const lineAt = (position: number) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle]! < position) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
  return { lineAt, lineOf: ({ from }) => lineAt(from), textOf: ({ from, to }) => text.slice(from, to) };
}

/** The nodes below, comments left out. */
export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling)
    if (child.name !== 'Comment') found.push(child);
  return found;
}

/** What stands between the brackets of a node. */
export const bracketed = (node: SyntaxNode): SyntaxNode[] => childrenOf(node).slice(1, -1);

/** What is no Python stands right below. */
export const hasError = (node: SyntaxNode): boolean => childrenOf(node).some(({ type }) => type.isError);

/** Nodes between separators: `a, b c` by commas is [[a], [b, c]]; what comes after a last separator is not there. */
export function parted(nodes: readonly SyntaxNode[], separator: string): SyntaxNode[][] {
  const parts: SyntaxNode[][] = [[]];
  for (const node of nodes) {
    if (node.name === separator) parts.push([]);
    else parts.at(-1)!.push(node);
  }
  return parts.at(-1)!.length === 0 ? parts.slice(0, -1) : parts;
}

/** The text of a node on one line, comments left out. */
export function written(node: SyntaxNode, { textOf }: Parsed): string {
  const text = textOf(node);
  const pieces: string[] = [];
  let from = 0;
  node.cursor().iterate((inner) => {
    if (inner.name !== 'Comment') return;
    pieces.push(text.slice(from, inner.from - node.from));
    from = inner.to - node.from;
  });
  return [...pieces, text.slice(from)].join('').replaceAll(/\s+/g, ' ');
}
