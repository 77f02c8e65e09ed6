import { InputError } from '../../domain/input-error.ts';
import type { ProgramWords } from '../../foreign/bash/program.ts';
import type { Source } from '../port/reader.ts';

/** A flag of a launch file with the words after it, and the line it stands on. */
export interface Flag {
  readonly name: string;
  readonly values: readonly string[];
  readonly line: number;
}

const FLAG = /^(--[A-Za-z][A-Za-z0-9_-]*)(?:=(.*))?$/s;

/** The flags that a launch file hands to the training program, and the shell variables it sets. */
export interface Flags extends Pick<ProgramWords, 'variables' | 'whole'> {
  readonly flags: ReadonlyMap<string, Flag>;
}

/** The `--flags` of an argument file, or of the shell script that starts the program with them. */
export function readFlags(source: Source): Flags {
  const { words, variables, whole } = source.words((word) => FLAG.test(word));
  const flags = flagsOf(words);
  if (flags.size === 0) {
    throw new InputError({
      message: `${source.path} has no --flags`,
      expected: 'arguments, one a word, or a shell script that starts the training program with them',
      at: { file: source.path, line: 1 },
    });
  }
  return { flags, variables, whole };
}

/** Flags with the words after them. One that stands twice counts as the last one does, as in argparse. */
export function flagsOf(
  words: readonly { readonly text: string; readonly line: number }[],
): Map<string, Flag> {
  const flags = new Map<string, Flag>();
  let values: string[] = [];
  for (const { text: word, line } of words) {
    const [, name, value] = FLAG.exec(word) ?? [];
    if (name === undefined) values.push(word);
    else {
      values = value === undefined ? [] : [value];
      flags.delete(name);
      flags.set(name, { name, values, line });
    }
  }
  return flags;
}
