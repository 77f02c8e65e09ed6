import { InputError } from '../../domain/input-error.ts';
import type { Outside } from './outside.ts';
import { printed, runBody, runText } from './run.ts';
import { ARGUMENTS, type Shell } from './shell.ts';
import { slurmVariables } from './slurm-directives.ts';
import { type Field, known, type Value } from './state.ts';

/** What a script would run, read without running it. */
export interface ShellScript {
  /** The words of each command, in the order they are reached. */
  readonly commands: readonly (readonly Field[])[];
  /** Variables as the script leaves them, and those it sets for one command alone. */
  readonly variables: ReadonlyMap<string, Value>;
  /** Scripts that it runs or reads and that do not lie beside it. */
  readonly absent: readonly Field[];
}

/** Far more than a launch script needs; what loops or calls itself beyond it is not followed. */
const MOST_STEPS = 20_000;

/** Throws InputError where bash could not read the text, or has no variable that `outside` sets. */
export function runScript(text: string, file: string, outside: Outside): ShellScript {
  const found = runOnce(text, file, outside, false);
  // Who starts a job means it to start: what stops it is a variable that is not given here.
  const again = found.stopped && !found.script.commands.some(startsProgram);
  const { script, shell } = again ? runOnce(text, file, outside, true) : found;
  refuseUnread(shell, outside);
  return script;
}

const startsProgram = (words: readonly Field[]) => words.some(({ text }) => /\.py$|^-m$/.test(text));

/** `stays`: it is not left by `exit`. */
function runOnce(
  text: string,
  file: string,
  outside: Outside,
  stays: boolean,
): { readonly script: ShellScript; readonly shell: Shell; readonly stopped: boolean } {
  const set = [...outside.set].map(([name, value]) => [name, [known(value, 1)]] as const);
  const shell: Shell = {
    variables: new Map([...slurmVariables(text), ...set]),
    args: outside.args.map((one) => known(one, 1)),
    open: outside.args.length === 0,
    outside,
    named: new Set(),
    functions: new Map(),
    commands: [],
    environment: new Map(),
    files: new Map(),
    absent: [],
    file,
    depth: 0,
    budget: { steps: MOST_STEPS },
    leaving: null,
    stays,
    lineOf: () => 1,
    printed,
    runText,
    runBody,
  };
  const before = new Set(shell.variables.keys());
  shell.variables.set('0', [known(file.replace(/^.*\//, ''), 1)]);
  runText(text, 1, shell);
  shell.variables.delete('0');
  for (const name of before) if (!outside.set.has(name)) shell.variables.delete(name);
  const stopped = shell.leaving === 'exit';
  const { commands, absent } = shell;
  const variables = new Map([...shell.environment, ...shell.variables]);
  return { script: { commands, variables, absent }, shell, stopped };
}

/** Throws InputError where the script has no use for what it is given. */
function refuseUnread({ named, file }: Shell, { set, args }: Outside): void {
  const name = [...set.keys()].find((one) => !named.has(one));
  const known = [...named].filter((one) => /^[A-Za-z_]/.test(one)).sort();
  if (name !== undefined)
    throw new InputError({
      message: `--set ${name}: ${file} has no variable of that name`,
      expected: known.length === 0 ? 'none: it has no variables' : `one of ${known.join(', ')}`,
    });
  if (args.length > 0 && !named.has(ARGUMENTS))
    throw new InputError({
      message: `arguments after --: ${args.join(' ')}`,
      expected: `none: ${file} asks for no arguments`,
      ...(known.length === 0 ? {} : { hint: 'Maybe --set NAME=VALUE for a variable of it.' }),
    });
}
