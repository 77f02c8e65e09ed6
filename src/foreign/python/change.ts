import type { SyntaxNode } from '@lezer/common';
import { childrenOf, type Parsed } from './tree.ts';

/** What a statement that is not worked out does to the names around it. */
export interface Change {
  /** Names that it gives values which cannot be told. */
  readonly binds: readonly string[];
  /** Names of what it may change without giving the name another value. */
  readonly touches: readonly string[];
}

export function changeOf(node: SyntaxNode, parsed: Parsed): Change {
  const { textOf } = parsed;
  const parts = childrenOf(node);
  const [first] = parts;
  const named = (nodes: readonly SyntaxNode[]) => nodes.flatMap(names).map(textOf);
  const touched = (root: SyntaxNode | null) => (root === null ? [] : [textOf(root)]);
  switch (node.name) {
    case 'ForStatement': {
      const end = parts.findIndex(({ name }) => name === 'in');
      return { binds: named(parts.slice(0, end)), touches: [] };
    }
    case 'WithStatement':
    case 'TryStatement':
      return { binds: named(parts.filter((_, i) => parts[i - 1]?.name === 'as')), touches: [] };
    case 'AssignStatement': {
      const end = parts.findLastIndex(({ name }) => name === 'AssignOp');
      return { binds: named(parts.slice(0, Math.max(0, end))), touches: [] };
    }
    case 'DeleteStatement':
      return { binds: named(parts), touches: [] };
    case 'DecoratedStatement':
      return changeOf(node.lastChild!, parsed);
    case 'ClassDefinition':
      return { binds: named(parts.slice(0, 2)), touches: [] };
    case 'UpdateStatement':
      return first?.name === 'VariableName'
        ? { binds: named([first]), touches: [] }
        : { binds: [], touches: touched(rootOf(first)) };
    case 'ExpressionStatement':
      return {
        binds: [],
        touches: first?.name === 'CallExpression' ? touched(rootOf(first.firstChild)) : [],
      };
    default:
      return { binds: [], touches: [] };
  }
}

function names(node: SyntaxNode): SyntaxNode[] {
  return node.name === 'VariableName' ? [node] : childrenOf(node).flatMap(names);
}

/** The name that `name.field[0].method` starts with; null: a name alone, or something else. */
function rootOf(node: SyntaxNode | null | undefined): SyntaxNode | null {
  let root = node?.firstChild ?? null;
  while (root !== null && /^(Member|Call)Expression$/.test(root.name)) root = root.firstChild;
  return root?.name === 'VariableName' ? root : null;
}
