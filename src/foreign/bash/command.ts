import type { Assignment, Command } from 'unbash';
import { runBuiltin } from './builtins.ts';
import { fieldsOf, textOf, textOfParts } from './expand.ts';
import { followed, SHELL } from './follow.ts';
import { MOST_DEPTH, type Shell, setTo, variableOf } from './shell.ts';
import { type Field, joined, known, scalar, type Truth, unknown, type Value } from './state.ts';

const DECLARES = /^(export|declare|typeset|local|readonly)$/;
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
  for (const one of redirects) {
    if (one.type !== 'HereDoc') continue;
    const { text, parts } = one.body;
    if (READS_SCRIPT.test(program.text)) shell.runText(text, shell.lineOf(one.body.pos), shell);
    else if (program.text === 'read' && words.some(({ text: word }) => /^-\w*d$/.test(word))) {
      // `read -r -d '' NAME <<EOF`: all of it, up to its end.
      const line = shell.lineOf(one.body.pos);
      const whole = parts === undefined ? known(text, line) : textOfParts(parts, shell);
      setTo(
        words.at(-1)!.text,
        [{ ...whole, line, text: whole.text.replaceAll(/\\\r?\n/g, '').trim() }],
        shell,
      );
      return null;
    } else if (program.text === 'cat') {
      const to = redirects.find((other) => other.type === 'Redirect' && /^>/.test(other.operator));
      const target =
        to?.type === 'Redirect' && to.target !== undefined ? textOf(to.target, shell) : undefined;
      const written = parts === undefined ? text : textOfParts(parts, shell).text;
      if (target?.certainty === 'known') shell.files.set(target.text, written);
    }
  }
  return runWords(words, shell, assignments.length > 0);
}

/** `assigned`: variables were set for this command alone. */
function runWords(words: readonly Field[], shell: Shell, assigned: boolean): Truth {
  const [program, ...args] = words as [Field, ...Field[]];
  const called = shell.functions.get(program.text);
  if (called !== undefined && shell.depth <= MOST_DEPTH) {
    const inner: Shell = { ...shell, args, open: false, depth: shell.depth + 1, leaving: null };
    const truth = shell.runBody(called, inner);
    shell.variables = inner.variables;
    if (inner.leaving === 'exit') shell.leaving = 'exit';
    return truth;
  }
  const built = runBuiltin(program, args, shell);
  if (built !== undefined) return built;
  const at = words.findIndex(({ text }) => SHELL.test(text));
  const flag = words.findIndex(({ text }, i) => i > at && /^-[a-z]*c$/.test(text));
  const script = at < 0 || flag < 0 ? undefined : words[flag + 1];
  if (script !== undefined) {
    const inner: Shell = { ...shell, args: words.slice(flag + 3), open: false, leaving: null };
    shell.runText(script.text, script.line, inner);
  } else if (!followed(words, assigned ? withEnvironment(shell) : shell)) shell.commands.push(words);
  return SUCCEEDS.test(program.text) ? true : null;
}

/** Programs whose end nobody asks for; what others say by it only a running shell knows. */
const SUCCEEDS =
  /^(?:cd|pushd|popd|mkdir|echo|printf|touch|rm|cp|mv|sleep|ulimit|module|conda|date|hostname|alias|trap|wait)$/;

/** A shell that sees what was set for its command alone. */
function withEnvironment(shell: Shell): Shell {
  return { ...shell, variables: new Map([...shell.variables, ...shell.environment]) };
}

function assign({ name, value, append, index }: Assignment, shell: Shell, into: Map<string, Value>): void {
  // `ARGS="$ARGS --more"` starts from nothing.
  const isNew = variableOf(name, 1, shell) === undefined;
  if (isNew) shell.variables.set(name, []);
  const fresh =
    value.type === 'ArrayValue'
      ? value.elements.flatMap((element) => fieldsOf(element, shell))
      : [textOf(value, shell)];
  if (isNew) shell.variables.delete(name);
  const before = into.get(name) ?? [];
  if (index !== undefined) setTo(name, indexed(name, before, textOf(index, shell), fresh), shell, into);
  else if (append !== true) setTo(name, fresh, shell, into);
  else if (value.type === 'ArrayValue') setTo(name, [...before, ...fresh], shell, into);
  else {
    const [first, ...rest] = before;
    setTo(name, [first === undefined ? fresh[0]! : joined(first, '', fresh[0]!), ...rest], shell, into);
  }
}

/** One element of an array set; an array by names, or with gaps, is not told. */
function indexed(name: string, before: Value, index: Field, fresh: Value): Value {
  const place = Number(index.text);
  return index.certainty === 'known' && index.text !== '' && place <= before.length && place >= 0
    ? [...before.slice(0, place), ...fresh, ...before.slice(place + 1)]
    : [unknown(`$${name}`, index.line)];
}
