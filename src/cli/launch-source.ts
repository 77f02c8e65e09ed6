import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { readText } from '../catalogue/document.ts';
import { parseLaunchYaml } from '../catalogue/parse-document.ts';
import { InputError } from '../domain/input-error.ts';
import type { Outside } from '../foreign/bash/outside.ts';
import type { Source } from '../frameworks/port/reader.ts';

/** What is said beside a launch file. */
export interface Beside {
  /** A recipe by name, or a job by number, after the file's own name and a colon. */
  readonly part: string | undefined;
  readonly outside: Omit<Outside, 'beside'>;
}

/** A launch file with all who read its languages. Their parsers take a tenth of a start: only a run with such a file loads them. */
export async function launchSource(
  path: string,
  text: string,
  { part, outside }: Beside,
): Promise<OpenedSource> {
  const [{ programWords }, { parsePython }, { parseToml }] = await Promise.all([
    import('../foreign/bash/program.ts'),
    import('../foreign/python/parse.ts'),
    import('../catalogue/toml.ts'),
  ]);
  const beside = (name: string) => {
    const other = placesOf(path, name).find((one) => existsSync(one));
    return other === undefined ? null : readText(other, 'a file beside a launch file');
  };
  const unread = new Set(outside.set.keys());
  let scripted = false;
  let chosen = false;
  return {
    path,
    text,
    get part() {
      chosen = true;
      return part;
    },
    value: (other = text) => parseLaunchYaml(path, other),
    words(tells, program) {
      // What it does not read of all this it refuses itself.
      scripted = true;
      return programWords(text, path, tells, {
        outside: { ...outside, beside },
        program,
        ...(part === undefined ? {} : { job: part }),
      });
    },
    statements: () => parsePython(text),
    table: (other = text) => parseToml(path, other),
    given(name) {
      unread.delete(name);
      return outside.set.get(name) ?? outside.environment(name);
    },
    beside,
    refuseUnread() {
      if (scripted) return;
      const [name] = unread;
      const odd =
        name !== undefined
          ? `--set ${name}`
          : outside.args.length > 0
            ? `arguments after --: ${outside.args.join(' ')}`
            : part !== undefined && !chosen
              ? `part "${part}"`
              : undefined;
      if (odd !== undefined)
        throw new InputError({
          message: `${odd}: ${path} asks for nothing of that kind`,
          expected: 'no such value',
        });
    },
  };
}

/** In its folder by the whole path or by the name alone, or by the path in one of those above: where a checkout was that it was written for. */
function placesOf(file: string, name: string): string[] {
  if (isAbsolute(name)) return [name];
  const folders = [resolve(dirname(file))];
  while (name.includes('/') && dirname(folders.at(-1)!) !== folders.at(-1))
    folders.push(dirname(folders.at(-1)!));
  return [...folders.map((one) => join(one, name)), join(dirname(file), basename(name))];
}

interface OpenedSource extends Source {
  /** Throws InputError where something was given that the file has no use for. */
  refuseUnread(): void;
}

/** `--set NAME=VALUE`, again for more. Throws InputError. */
export function setFrom(words: readonly string[]): Map<string, string> {
  return new Map(
    words.map((word) => {
      const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(word) ?? [];
      if (name === undefined || value === undefined)
        throw new InputError({
          message: `--set is "${word}"`,
          expected: 'NAME=VALUE, a variable of the script',
        });
      return [name, value];
    }),
  );
}
