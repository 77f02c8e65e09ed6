import type { SyntaxNode } from '@lezer/common';
import type { Imported } from './syntax.ts';
import { childrenOf, type Parsed, parted } from './tree.ts';

/** The names that an import statement gives; of `import *` none is known. */
export function importedNames(node: SyntaxNode, { textOf }: Parsed): Imported[] {
  const nodes = childrenOf(node).filter(({ name }) => name !== '(' && name !== ')');
  const at = nodes.findIndex(({ name }) => name === 'import');
  const text = (some: readonly SyntaxNode[]) => some.map(textOf).join('');
  const module = at > 0 ? text(nodes.slice(1, at)) : null;
  return parted(nodes.slice(at + 1), ',').flatMap((part) => {
    const [name = [], as] = parted(part, 'as');
    const dotted = text(name);
    if (name.length === 0 || dotted === '*') return [];
    if (as !== undefined) return [{ module, name: dotted, as: text(as) }];
    // `import a.b` gives the name a.
    const [first = dotted] = dotted.split('.');
    return [{ module, name: first, as: first }];
  });
}
