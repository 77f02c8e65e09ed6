import { parse, TomlError } from 'smol-toml';
import { InputError, type Location } from '../domain/input-error.ts';

/** A table, and where in its file a JSON pointer stands. Throws InputError. */
export function parseToml(path: string, text: string): { value: unknown; locate(pointer: string): Location } {
  try {
    const lines = linesOf(text);
    return {
      value: parse(text),
      locate: (pointer) => ({ file: path, line: lines.get(pointer.slice(1).replaceAll('/', '.')) ?? 1 }),
    };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new InputError({
      message: error.message.split('\n')[0]!.replace(/^Invalid TOML document: /, ''),
      expected: 'TOML',
      at: { file: path, line: error.line, column: error.column },
    });
  }
}

/** The line of each key that stands at the start of one, by its dotted path: the parser keeps none. */
function linesOf(text: string): Map<string, number> {
  const found = new Map<string, number>();
  let table = '';
  for (const [i, row] of text.split(/\r?\n/).entries()) {
    const header = /^\s*\[\[?\s*([^\]]+?)\s*\]/.exec(row)?.[1];
    const key = /^\s*([\w.'"-]+)\s*=/.exec(row)?.[1];
    if (header !== undefined) table = plain(header);
    const path = key === undefined ? undefined : table === '' ? plain(key) : `${table}.${plain(key)}`;
    if (header !== undefined) found.set(table, i + 1);
    else if (path !== undefined && !found.has(path)) found.set(path, i + 1);
  }
  return found;
}

const plain = (key: string) => key.replaceAll(/["'\s]/g, '');
