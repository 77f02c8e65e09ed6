import type { Assignment, Command, Function as FunctionNode } from 'unbash';
import { type Truth, testWords } from './condition.ts';
import { fieldsOf, type Surroundings, textOf } from './expand.ts';
import { type Field, joined, scalar, type Value } from './state.ts';

/** A script half way. */
export interface Shell extends Surroundings {
  variables: Map<string, Value>;
  readonly functions: Map<string, FunctionNode>;
  readonly commands: (readonly Field[])[];
  /** Variables set for one command alone. */
  readonly environment: Map<string, Value>;
  readonly file: string;
  readonly depth: number;
  readonly budget: { steps: number };
  /** Runs a text that starts on `line` of the file. */
  readonly runText: (text: string, line: number, shell: Shell) => void;
  readonly runBody: (called: FunctionNode, shell: Shell) => Truth;
}

/** Scripts in scripts, functions in functions: deeper ones are not followed. */
export const MOST_DEPTH = 8;

const DECLARES = /^(export|declare|typeset|local|readonly)$/;
const SHELL = /^(?:.*\/)?(?:ba|da|z)?sh$/;
const READS_SCRIPT = /^(?:.*\/)?(?:(?:ba|da|z)?sh|sbatch|srun|ssh)$/;

/** Runs a simple command: sets its variables, follows the scripts it hands to a shell, keeps the words of the rest. */
export function runCommand({ name, prefix, suffix, redirects }: Command, shell: Shell): Truth {
  const words = name === undefined ? [] : fieldsOf(name, shell);
  const [program] = words;
  const assignments = prefix.filter((one): one is Assignment => one.type === 'Assignment');
  for (const one of assignments)
    assign(one, shell, program === undefined ? shell.variables : shell.environment);
  if (program === undefined) return true;
  const declares = DECLARES.test(program.text);
  for (const one of suffix) {
    if (one.type === 'Assignment' && declares) assign(one, shell, shell.variables);
    else if (one.type === 'Assignment') {
      const { text, ...rest } = one.value.type === 'Word' ? textOf(one.value, shell) : scalar([]);
      words.push({ ...rest, text: `${one.name}=${text}`, line: shell.lineOf(one.pos) });
    } else if (one.type === 'Word') words.push(...fieldsOf(one, shell));
  }
  if (declares) return true;
  for (const one of redirects)
    if (one.type === 'HereDoc' && READS_SCRIPT.test(program.text))
      shell.runText(one.body.text, shell.lineOf(one.body.pos), shell);
  return runWords(words, shell);
}

function runWords(words: readonly Field[], shell: Shell): Truth {
  const [program, ...args] = words as [Field, ...Field[]];
  const called = shell.functions.get(program.text);
  if (called !== undefined && shell.depth <= MOST_DEPTH) {
    const inner: Shell = { ...shell, depth: shell.depth + 1 };
    const truth = shell.runBody(called, inner);
    shell.variables = inner.variables;
    return truth;
  }
  switch (program.text) {
    case '[':
      return testWords(args.slice(0, -1));
    case 'test':
      return testWords(args);
    case 'true':
    case ':':
      return true;
    case 'false':
      return false;
    case 'unset':
      for (const { text } of args) shell.variables.delete(text);
      return true;
    case 'read':
    case 'mapfile':
    case 'readarray':
      for (const { text, line } of args.filter((one) => /^[A-Za-z_]\w*$/.test(one.text)))
        shell.variables.set(text, [{ text: `$${text}`, line, certainty: 'unknown' }]);
      return true;
    case 'eval':
      shell.runText(args.map(({ text }) => text).join(' '), program.line, shell);
      return true;
  }
  const at = words.findIndex(({ text }) => SHELL.test(text));
  const flag = words.findIndex(({ text }, i) => i > at && /^-[a-z]*c$/.test(text));
  const script = at < 0 || flag < 0 ? undefined : words[flag + 1];
  if (script === undefined) shell.commands.push(words);
  else shell.runText(script.text, script.line, shell);
  return true;
}

function assign({ name, value, append, index }: Assignment, shell: Shell, into: Map<string, Value>): void {
  // `ARGS="$ARGS --more"` starts from nothing.
  const isNew = !shell.variables.has(name);
  if (isNew) shell.variables.set(name, []);
  const fresh =
    value.type === 'ArrayValue'
      ? value.elements.flatMap((element) => fieldsOf(element, shell))
      : [textOf(value, shell)];
  if (isNew) shell.variables.delete(name);
  const before = into.get(name) ?? [];
  if (index !== undefined)
    into.set(name, [{ text: `$${name}`, line: shell.lineOf(index.pos), certainty: 'unknown' }]);
  else if (append !== true) into.set(name, fresh);
  else if (value.type === 'ArrayValue') into.set(name, [...before, ...fresh]);
  else {
    const [first, ...rest] = before;
    into.set(name, [first === undefined ? fresh[0]! : joined(first, '', fresh[0]!), ...rest]);
  }
}
