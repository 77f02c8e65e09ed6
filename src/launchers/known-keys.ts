import { nearest } from '../schema/validator.ts';
import { bad } from './reader.ts';
import type { Tree } from './tree.ts';

/** The first key of a file that its framework does not know; `known` lists keys by the dotted path of their section. */
export function unknownKey(tree: Tree, known: Readonly<Record<string, ReadonlySet<string>>>) {
  for (const [section, names] of Object.entries(known)) {
    const odd = tree.keys(section).find((key) => !names.has(key));
    if (odd === undefined) continue;
    const near = nearest(odd, [...names]);
    const path = section === '' ? odd : `${section}.${odd}`;
    const fix = near === undefined ? 'Drop it.' : `Maybe ${near}.`;
    return { ...bad(`unknown ${path}`, 'keys of its configuration', fix), line: tree.line(path) };
  }
  return null;
}
