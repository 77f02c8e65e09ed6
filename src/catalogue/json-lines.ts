import { InputError } from '../domain/input-error.ts';
import type { Document } from './parse-document.ts';

/** A file of one JSON document a line, each of which knows its line. Throws InputError on a line that is none. */
export function jsonLines(path: string, text: string): Document[] {
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    const at = { file: path, line: i + 1 };
    try {
      return [{ path, sha256: '', value: JSON.parse(line) as unknown, locate: () => at }];
    } catch (error) {
      throw new InputError({ message: (error as Error).message, expected: 'one JSON object a line', at });
    }
  });
}
