import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseDocument, readText } from '../catalogue/document.ts';
import type { Source } from '../frameworks/port/reader.ts';

/** A launch file with all who read its languages. Their parsers take a tenth of a start: only a run with such a file loads them. */
export async function launchSource(path: string, text: string): Promise<Source> {
  const [{ programWords }, { parsePython }] = await Promise.all([
    import('../foreign/bash/program.ts'),
    import('../foreign/python/parse.ts'),
  ]);
  return {
    path,
    text,
    value: (other = text) => parseDocument(path, other),
    words: (tells) => programWords(text, path, tells),
    statements: () => parsePython(text),
    beside(name) {
      const other = join(dirname(path), name);
      return existsSync(other) ? readText(other, 'a file beside a launch file') : null;
    },
  };
}
