import { nearest } from '../../units/nearest.ts';
import { bad } from './file-rule.ts';
import type { Tree } from './tree.ts';

/** Keys by the dotted path of their section; `stages[].data` stands for that section of each entry of a list. */
export type KeysOf = Readonly<Record<string, ReadonlySet<string>>>;

/** Words of a list of keys. */
export const keySet = (names: string): ReadonlySet<string> => new Set(names.trim().split(/\s+/));

/**
 * The first key of a file that its framework does not know. In `lenient` sections a framework passes over keys it does not
 * know, so only what looks like a slip of the pen counts.
 */
export function unknownKey(tree: Tree, known: KeysOf, lenient: ReadonlySet<string> = new Set()) {
  for (const [section, names] of Object.entries(known)) {
    for (const at of sectionsOf(tree, section)) {
      const odd = tree.keys(at).filter((key) => !names.has(key));
      for (const key of odd) {
        const near = nearest(key, [...names]);
        if (near === undefined && lenient.has(section)) continue;
        const fix = near === undefined ? 'Drop it.' : `Maybe ${near}.`;
        const path = inside(at, key);
        return { ...bad(`unknown ${path}`, 'keys of its configuration', fix), line: tree.line(path) };
      }
    }
  }
  return null;
}

/** The first key without which its framework does not start, of a section that is there. */
export function missingKey(tree: Tree, required: KeysOf) {
  for (const [section, names] of Object.entries(required)) {
    for (const at of sectionsOf(tree, section)) {
      if (tree.keys(at).length === 0) continue;
      const key = [...names].find((name) => !tree.has(inside(at, name)));
      if (key === undefined) continue;
      const limit = 'a key that has no default';
      return { ...bad(`${inside(at, key)} is missing`, limit, `Add ${key}.`), line: tree.line(at) };
    }
  }
  return null;
}

const inside = (section: string, key: string) => (section === '' ? key : `${section}.${key}`);

function sectionsOf(tree: Tree, section: string): string[] {
  const [list = '', ...rest] = section.split('[]');
  if (rest.length === 0) return [section];
  const entries = tree.at(list);
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((_, i) => sectionsOf(tree, `${list}.${i}${rest.join('[]')}`));
}
