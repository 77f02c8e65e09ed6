import { testWords } from './condition.ts';
import { source } from './follow.ts';
import { ARGUMENTS, type Leaving, type Shell, setTo } from './shell.ts';
import { type Field, known, type Truth, unknown } from './state.ts';

type Builtin = (args: readonly Field[], shell: Shell, program: Field) => Truth;

const leave =
  (how: Leaving): Builtin =>
  (_, shell) => {
    shell.leaving = how;
    return true;
  };

/** Variables that get what only a running shell knows. */
const reads: Builtin = (args, shell) => {
  for (const { text, line } of args.filter((one) => /^[A-Za-z_]\w*$/.test(one.text)))
    setTo(text, [unknown(`$${text}`, line)], shell);
  return true;
};

const BUILTINS: Readonly<Record<string, Builtin>> = {
  '[': (args) => testWords(args.slice(0, -1)),
  test: (args) => testWords(args),
  true: () => true,
  ':': () => true,
  false: () => false,
  unset: (args, shell) => {
    for (const { text } of args) if (!shell.outside.set.has(text)) shell.variables.delete(text);
    return true;
  },
  read: reads,
  mapfile: reads,
  readarray: reads,
  getopts: (args, shell) => {
    shell.named.add(ARGUMENTS);
    reads(args.slice(1), shell, args[0]!);
    return shell.args.length === 0 ? false : null;
  },
  eval: (args, shell, program) => {
    shell.runText(args.map(({ text }) => text).join(' '), program.line, shell);
    return true;
  },
  // `set -- a b`; options of the shell change nothing that is read.
  set: (args, shell) => {
    const after = args.findIndex(({ text }) => text === '--');
    if (after >= 0) shell.args = args.slice(after + 1);
    else if (args[0] !== undefined && !/^[-+]/.test(args[0].text)) shell.args = args;
    return true;
  },
  shift: ([count = known('1', 1)], shell) => {
    shell.named.add(ARGUMENTS);
    const by = Number(count.text);
    if (!Number.isInteger(by) || by > shell.args.length) return false;
    shell.args = shell.args.slice(by);
    return true;
  },
  source,
  '.': source,
  exit: (_, shell) => {
    if (!shell.stays) shell.leaving = 'exit';
    return true;
  },
  return: leave('return'),
  break: leave('break'),
  continue: leave('continue'),
};

/** What the shell does by itself; undefined: it is another program. */
export function runBuiltin(program: Field, args: readonly Field[], shell: Shell): Truth | undefined {
  const found = Object.hasOwn(BUILTINS, program.text) ? BUILTINS[program.text] : undefined;
  return found?.(args, shell, program);
}
