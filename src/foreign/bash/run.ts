import {
  type Case,
  type CommandNode,
  type CompoundList,
  type Function as FunctionNode,
  type If,
  type PipelineNode,
  parse,
  type Statement,
} from 'unbash';
import { InputError } from '../../domain/input-error.ts';
import { runCommand } from './command.ts';
import { not, testExpression } from './condition.ts';
import { fieldsOf, numberOf, textOf } from './expand.ts';
import { runLoop } from './loop.ts';
import type { Outside } from './outside.ts';
import { matches } from './pattern.ts';
import { ARGUMENTS, MOST_DEPTH, type Shell, type Surroundings } from './shell.ts';
import { slurmVariables } from './slurm-directives.ts';
import { type Field, known, merged, type Truth, type Value } from './state.ts';
import { printedBy } from './substitution.ts';

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
  refuseUnread(shell, outside);
  return {
    commands: shell.commands,
    variables: new Map([...shell.environment, ...shell.variables]),
    absent: shell.absent,
  };
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

/** Runs a text that starts on `line` of the file, in the variables of `shell`. */
function runText(text: string, line: number, shell: Shell, whole = false): void {
  if (shell.depth > MOST_DEPTH) return;
  const ends = [...text.matchAll(/\n/g)].map(({ index }) => index);
  const lineOf = (position: number) => (whole ? line : line + ends.filter((end) => end < position).length);
  const { commands, errors } = parse(text);
  const [error] = errors ?? [];
  if (error !== undefined)
    throw new InputError({
      message: `bash cannot read ${shell.file}: ${error.message}`,
      expected: 'a shell script, or arguments one a word',
      at: { file: shell.file, line: lineOf(error.pos) },
    });
  const inner: Shell = { ...shell, lineOf, depth: shell.depth + 1 };
  runAll(commands, inner);
  shell.variables = inner.variables;
  shell.args = inner.args;
  shell.leaving = inner.leaving;
}

function runBody({ body }: FunctionNode, shell: Shell): Truth {
  return body.type === 'CompoundList' ? runList(body, shell) : runNode(body, shell);
}

/** What `$(…)` prints, where that is one command of known words. */
function printed(script: string, at: Surroundings): string | null {
  const [statement, ...more] = parse(script).commands;
  const command = statement?.command;
  if (command?.type !== 'Command' || command.name === undefined || more.length > 0) return null;
  const inside: Surroundings = { ...at, lineOf: () => 1 };
  const words = [command.name, ...command.suffix.filter((one) => one.type === 'Word')];
  return printedBy(
    command,
    words.flatMap((word) => fieldsOf(word, inside)),
  );
}

function runList({ commands }: CompoundList, shell: Shell): Truth {
  return runAll(commands, shell);
}

function runAll(statements: readonly Statement[], shell: Shell): Truth {
  let truth: Truth = true;
  for (const statement of statements) {
    truth = runStatement(statement, shell);
    if (shell.leaving !== null) break;
  }
  return truth;
}

function runStatement({ command }: Statement, shell: Shell): Truth {
  if (command.type !== 'AndOr') return runPipeline(command, shell);
  const [first, ...rest] = command.commands;
  let truth = runPipeline(first!, shell);
  for (const [i, next] of rest.entries()) {
    if (shell.leaving !== null) break;
    const wanted = command.operators[i] === '&&';
    if (truth === null) either([() => runPipeline(next, shell), () => undefined], shell, next.pos);
    else if (truth === wanted) truth = runPipeline(next, shell);
  }
  return truth;
}

function runPipeline(node: PipelineNode, shell: Shell): Truth {
  if (node.type !== 'Pipeline') return runNode(node, shell);
  let truth: Truth = true;
  for (const command of node.commands) truth = runNode(command, shell);
  // What several programs say to each other is not told.
  if (node.commands.length > 1) truth = null;
  return node.prefixes.some(({ type }) => type === 'Negation') ? not(truth) : truth;
}

function runNode(node: CommandNode, shell: Shell): Truth {
  if (--shell.budget.steps < 0) return null;
  switch (node.type) {
    case 'Command':
      return runCommand(node, shell);
    case 'Redirected':
      return runNode(node.command, shell);
    case 'Subshell': {
      const inner: Shell = { ...shell, variables: new Map(shell.variables), leaving: null };
      return runList(node.body, inner);
    }
    case 'BraceGroup':
      return runList(node.body, shell);
    case 'TestCommand':
      return testExpression(node.expression, shell);
    case 'ArithmeticCommand': {
      const { expression } = node;
      const value = expression === undefined ? null : numberOf(expression, shell, shell.lineOf(node.pos));
      return value === null ? null : value !== 0;
    }
    case 'Function':
      shell.functions.set(node.name.value, node);
      return true;
    case 'If':
      return choose([node, ...node.elif], node.else, shell);
    case 'Case':
      return runCase(node, shell);
    case 'For':
    case 'While':
    case 'ArithmeticFor':
    case 'Select':
      return runLoop(node, shell, { list: runList, either });
    case 'Coproc':
      return null;
  }
}

function runCase({ word, items, pos }: Case, shell: Shell): Truth {
  const asked = textOf(word, shell);
  const value = asked.certainty === 'known' ? asked.text : asked.certainty === 'unset' ? '' : null;
  if (value === null) {
    const ways = items.map(
      ({ body }) =>
        () =>
          runList(body, shell),
    );
    either([...ways, () => undefined], shell, pos);
    return null;
  }
  const hit = items.find(({ pattern }) => pattern.some((one) => matches(value, textOf(one, shell).text)));
  return hit === undefined ? true : runList(hit.body, shell);
}

/** The first branch whose clause holds; from one that cannot be decided on, either way. */
function choose(
  ways: readonly Pick<If, 'clause' | 'then'>[],
  otherwise: CompoundList | undefined,
  shell: Shell,
): Truth {
  const [way, ...rest] = ways;
  if (way === undefined) return otherwise === undefined ? true : runList(otherwise, shell);
  const truth = runList(way.clause, shell);
  if (shell.leaving !== null) return truth;
  if (truth === true) return runList(way.then, shell);
  if (truth === false) return choose(rest, otherwise, shell);
  either([() => runList(way.then, shell), () => choose(rest, otherwise, shell)], shell, way.then.pos);
  return null;
}

/** Ways of which one is taken. Who starts a job means it to start: one that leaves the script before is not meant. */
function either(ways: readonly (() => unknown)[], shell: Shell, position: number): void {
  const [variables, { args }] = [shell.variables, shell];
  const after = ways.map((way) => {
    shell.variables = new Map(variables);
    shell.args = args;
    shell.leaving = null;
    way();
    return { variables: shell.variables, args: shell.args, leaving: shell.leaving };
  });
  const staying = after.filter(({ leaving }) => leaving === null);
  const [first] = staying.length > 0 ? staying : after;
  shell.args = first!.args;
  shell.leaving = first!.leaving;
  shell.variables = merged(
    (staying.length > 0 ? staying : after).map((one) => one.variables),
    shell.lineOf(position),
  );
}
