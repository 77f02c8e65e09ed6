import { InputError } from '../../domain/input-error.ts';

/** A flag of a launch file with the words after it, and the line it stands on. */
export interface Flag {
  readonly name: string;
  readonly values: readonly string[];
  readonly line: number;
}

interface Word {
  readonly text: string;
  readonly line: number;
}

/**
 * The `--flags` of a Megatron argument file or of a shell script that holds them, as far as they are literal: quotes are
 * taken off, line continuations joined, `NAME=value` assignments put in place of `$NAME` and `${NAME}`. A flag that stands
 * twice counts as the last one does, as in argparse.
 */
export function flagsOf(text: string, file: string): Map<string, Flag> {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const variables = assignments(lines);
  const words = lines.flatMap((line, i) => wordsOf(substituted(line, variables), i + 1));
  const flags = new Map<string, Flag>();
  const outside = startersOf(words);
  for (const [i, { text: word, line }] of words.entries()) {
    if (outside.has(i)) continue;
    const match = /^(--[a-z][a-z0-9_-]*)(?:=(.*))?$/.exec(word);
    if (match === null) continue;
    const values = match[2] === undefined ? [] : [match[2]];
    for (let j = i + 1; j < words.length && !words[j]!.text.startsWith('--'); j++) {
      if (/^[;&|)]|\$/.test(words[j]!.text)) break;
      values.push(words[j]!.text);
    }
    flags.set(match[1]!, { name: match[1]!, values, line });
  }
  if (flags.size === 0) {
    throw new InputError({
      message: `${file} has no --flags`,
      expected: "Megatron-LM's arguments, one a word, or a shell script that holds them",
      at: { file, line: 1 },
    });
  }
  return flags;
}

/** Programs that start the training program, with flags of their own. */
const STARTER = /^(srun|sbatch|salloc|torchrun|mpirun|mpiexec|docker|podman|singularity|apptainer|python3?)$/;

/** Words that belong to a starter: from its name to the Python file it starts. */
function startersOf(words: readonly Word[]): Set<number> {
  const found = new Set<number>();
  for (const [i, { text }] of words.entries()) {
    if (!STARTER.test(text)) continue;
    const program = words.findIndex((word, j) => j > i && word.text.endsWith('.py'));
    for (let j = i; j < program; j++) found.add(j);
  }
  return found;
}

/** Shell variables that the text gives a literal value. */
export function variablesOf(text: string): Map<string, string> {
  return assignments(text.split(/\r?\n/).filter((line) => !/^\s*#/.test(line)));
}

/** NAME=word and NAME="words" at the start of a line or after export. */
function assignments(lines: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of lines) {
    for (const [, name, double, single, plain] of line.matchAll(
      /(?:^|\s|;)(?:export\s+)?([A-Za-z_]\w*)=(?:"([^"$`]*)"|'([^']*)'|([^\s"'$`;()]+))/g,
    ))
      found.set(name!, double ?? single ?? plain ?? '');
    const braced = /(?:^|\s)([A-Za-z_]\w*)=(\S+)/.exec(line);
    if (braced !== null && !found.has(braced[1]!) && /^[\w.-]+$/.test(braced[2]!))
      found.set(braced[1]!, braced[2]!);
  }
  return found;
}

/** A variable with a default, ${NAME:-8}, takes the default where nothing assigns it. */
function substituted(line: string, variables: ReadonlyMap<string, string>): string {
  return line.replaceAll(/\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))/g, (all, braced, fallback, plain) => {
    const value = variables.get((braced ?? plain) as string) ?? (fallback as string | undefined);
    return value ?? all;
  });
}

function wordsOf(line: string, number: number): Word[] {
  if (/^\s*#/.test(line)) return [];
  return line
    .replace(/\\\s*$/, '')
    .replaceAll(/['"]/g, ' ')
    .split(/\s+/)
    .map(withoutArray)
    .filter((text) => text !== '')
    .map((text) => ({ text, line: number }));
}

/** Brackets of a bash array go; those inside a value, as in a pipeline layout, stay. */
function withoutArray(text: string): string {
  let word = text.replace(/^[A-Za-z_]\w*\+?=\(/, '');
  const count = (bracket: string) => word.split(bracket).length;
  while (word.endsWith(')') && count(')') > count('(')) word = word.slice(0, -1);
  while (word.startsWith('(') && count('(') > count(')')) word = word.slice(1);
  return word;
}
