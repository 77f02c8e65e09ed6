import { InputError } from '../../domain/input-error.ts';
import { type ProgramWords, programWords } from '../../foreign/bash/program.ts';

/** A flag of a launch file with the words after it, and the line it stands on. */
export interface Flag {
  readonly name: string;
  readonly values: readonly string[];
  readonly line: number;
}

const FLAG = /^(--[A-Za-z][A-Za-z0-9_-]*)(?:=(.*))?$/s;

/** The flags that a launch file hands to the training program, and the shell variables it sets. */
export interface Flags extends Pick<ProgramWords, 'variables' | 'whole'> {
  readonly flags: Map<string, Flag>;
}

/**
 * The `--flags` of an argument file, or of the shell script that starts the program with them. A flag that stands twice
 * counts as the last one does, as in argparse.
 */
export function readFlags(text: string, file: string): Flags {
  const { words, variables, whole } = programWords(text, file, (word) => FLAG.test(word));
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
  if (flags.size === 0) {
    throw new InputError({
      message: `${file} has no --flags`,
      expected: 'arguments, one a word, or a shell script that starts the training program with them',
      at: { file, line: 1 },
    });
  }
  return { flags, variables, whole };
}

export function flagsOf(text: string, file: string): Map<string, Flag> {
  return readFlags(text, file).flags;
}
