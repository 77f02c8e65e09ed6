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
import { matches } from './pattern.ts';
import { MOST_DEPTH, type Shell, type Surroundings } from './shell.ts';
import { merged, type Truth } from './state.ts';
import { printedBy } from './substitution.ts';

/** Runs a text that starts on `line` of the file, in the variables of `shell`. */
export function runText(text: string, line: number, shell: Shell, whole = false): void {
  if (shell.depth > MOST_DEPTH) return;
  const ends = [...text.matchAll(/\n/g)].map(({ index }) => index);
  const lineOf = (position: number) => (whole ? line : line + ends.filter((end) => end < position).length);
  const { commands, errors } = parsed(text);
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

/** What a template leaves to fill in, `<path to the data>`, is a text where bash can make nothing else of it. */
function parsed(text: string): ReturnType<typeof parse> {
  const plain = parse(text);
  if (plain.errors === undefined || plain.errors.length === 0) return plain;
  const filled = text.replaceAll(/<([A-Za-z][^<>'"$`|&;\n]*)>/g, "'$1'");
  const other = filled === text ? plain : parse(filled);
  return other.errors === undefined || other.errors.length === 0 ? other : plain;
}

export function runBody({ body }: FunctionNode, shell: Shell): Truth {
  return body.type === 'CompoundList' ? runList(body, shell) : runNode(body, shell);
}

/** What `$(…)` prints, where that is one command of known words. */
export function printed(script: string, at: Surroundings): string | null {
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
