import { InputError } from '../../domain/input-error.ts';
import type { Located } from '../port/reader.ts';

/** Values of a YAML or JSON launch file by dotted path; null where a path is not there. */
export interface Tree {
  readonly file: string;
  /** Throws InputError where the value is no whole number above zero. */
  count(path: string): number | null;
  word(path: string): string | null;
  isTrue(path: string): boolean;
  has(path: string): boolean;
  line(path: string): number;
  at(path: string): unknown;
  keys(path: string): string[];
}

/** Throws InputError where the file holds no mapping. */
export function treeOf({ value, locate }: Located, file: string, expected: string): Tree {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InputError({ message: `${file} holds no mapping`, expected, at: locate('') });
  const at = (path: string): unknown => {
    let found: unknown = value;
    for (const key of path.split('.').filter((part) => part !== '')) {
      if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
      found = (found as Record<string, unknown>)[key];
    }
    return found;
  };
  const locationOf = (path: string) => locate(path.replaceAll(/(^|\.)(?=.)/g, '/'));
  return {
    file,
    at,
    word: (path) => (typeof at(path) === 'string' ? (at(path) as string) : null),
    isTrue: (path) => at(path) === true,
    has: (path) => at(path) !== undefined && at(path) !== null,
    line: (path) => locationOf(path).line ?? 1,
    keys: (path) => {
      const found = at(path);
      return typeof found === 'object' && found !== null && !Array.isArray(found) ? Object.keys(found) : [];
    },
    count(path) {
      const found = at(path);
      if (found === undefined || found === null) return null;
      if (typeof found === 'number' && Number.isInteger(found) && found > 0) return found;
      throw new InputError({
        message: `${path} is ${JSON.stringify(found)}`,
        expected: 'a whole number above zero',
        at: locationOf(path),
      });
    },
  };
}
