import { nearest } from '../../units/nearest.ts';
import { bad } from './file-rule.ts';
import type { Tree } from './tree.ts';

/** Words or numbers, `switch`: true or false, `share`: a number from 0 to 1. */
export type Values = readonly (string | number | boolean)[] | 'switch' | 'share';

/** By the dotted path of their key. */
export type ValuesOf = Readonly<Record<string, Values>>;

/** The first value of a file that is none of those its framework has for the key; what is left out is as by default. */
export function unknownValue(tree: Tree, known: ValuesOf) {
  for (const [path, values] of Object.entries(known)) {
    const value = tree.at(path);
    if (value === undefined || value === null || meets(value, values)) continue;
    return { ...notAmong(`${path} ${JSON.stringify(value)}`, String(value), values), line: tree.line(path) };
  }
  return null;
}

function meets(value: unknown, values: Values): boolean {
  if (values === 'switch') return typeof value === 'boolean';
  if (values === 'share') return typeof value === 'number' && value >= 0 && value <= 1;
  return values.includes(value as string | number | boolean);
}

/** `word` stands where one of `values` should; the nearest of them is the hint. */
export function notAmong(actual: string, word: string, values: Values) {
  if (values === 'share') return bad(actual, 'a number from 0 to 1', 'Set it to a share, such as 0.5.');
  const words = values === 'switch' ? ['true', 'false'] : values.map(String);
  const near = nearest(word, words);
  return bad(actual, listed(words), near === undefined ? `Set it to ${words[0]}.` : `Maybe ${near}.`);
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
