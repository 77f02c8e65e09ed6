import {
  type CommandNode,
  type CompoundList,
  type Function as FunctionNode,
  type If,
  type PipelineNode,
  parse,
  type Statement,
} from 'unbash';
import { InputError } from '../../domain/input-error.ts';
import { arithmetic } from './arithmetic.ts';
import { MOST_DEPTH, runCommand, type Shell } from './command.ts';
import { matches, not, type Truth, testExpression } from './condition.ts';
import { fieldsOf, numberText, textOf } from './expand.ts';
import { type Field, merged, type Value } from './state.ts';

/** What a script would run, read without running it. */
export interface ShellScript {
  /** The words of each command, in the order they are reached. */
  readonly commands: readonly (readonly Field[])[];
  /** Variables as the script leaves them, and those it sets for one command alone. */
  readonly variables: ReadonlyMap<string, Value>;
}

/** Far more than a launch script needs; what loops or calls itself beyond it is not followed. */
const MOST_STEPS = 20_000;

/** Throws InputError where bash could not read the text. */
export function runScript(text: string, file: string): ShellScript {
  const shell: Shell = {
    variables: new Map(),
    functions: new Map(),
    commands: [],
    environment: new Map(),
    file,
    depth: 0,
    budget: { steps: MOST_STEPS },
    lineOf: () => 1,
    runText,
    runBody,
  };
  runText(text, 1, shell);
  return { commands: shell.commands, variables: new Map([...shell.environment, ...shell.variables]) };
}

/** Runs a text that starts on `line` of the file, in the variables of `shell`. */
function runText(text: string, line: number, shell: Shell): void {
  if (shell.depth > MOST_DEPTH) return;
  const ends = [...text.matchAll(/\n/g)].map(({ index }) => index);
  const lineOf = (position: number) => line + ends.filter((end) => end < position).length;
  const { commands, errors } = parse(text);
  const [error] = errors ?? [];
  if (error !== undefined)
    throw new InputError({
      message: `bash cannot read ${shell.file}: ${error.message}`,
      expected: 'a shell script, or arguments one a word',
      at: { file: shell.file, line: lineOf(error.pos) },
    });
  const inner: Shell = { ...shell, lineOf, depth: shell.depth + 1 };
  for (const statement of commands) runStatement(statement, inner);
  shell.variables = inner.variables;
}

function runBody({ body }: FunctionNode, shell: Shell): Truth {
  return body.type === 'CompoundList' ? runList(body, shell) : runNode(body, shell);
}

function runList({ commands }: CompoundList, shell: Shell): Truth {
  let truth: Truth = true;
  for (const statement of commands) truth = runStatement(statement, shell);
  return truth;
}

function runStatement({ command }: Statement, shell: Shell): Truth {
  if (command.type !== 'AndOr') return runPipeline(command, shell);
  const [first, ...rest] = command.commands;
  let truth = runPipeline(first!, shell);
  for (const [i, next] of rest.entries()) {
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
  return node.prefixes.some(({ type }) => type === 'Negation') ? not(truth) : truth;
}

function runNode(node: CommandNode, shell: Shell): Truth {
  if (--shell.budget.steps < 0) return null;
  switch (node.type) {
    case 'Command':
      return runCommand(node, shell);
    case 'Redirected':
      return runNode(node.command, shell);
    case 'Subshell':
    case 'BraceGroup':
      return runList(node.body, shell);
    case 'TestCommand':
      return testExpression(node.expression, shell);
    case 'ArithmeticCommand': {
      const value =
        node.expression === undefined ? null : arithmetic(node.expression, (name) => numberText(name, shell));
      return value === null ? null : value !== 0;
    }
    case 'Function':
      shell.functions.set(node.name.value, node);
      return true;
    case 'If':
      return choose([node, ...node.elif], node.else, shell);
    case 'Case': {
      const word = textOf(node.word, shell);
      const value = word.certainty === 'known' ? word.text : word.certainty === 'unset' ? '' : null;
      if (value === null) {
        either(
          [
            ...node.items.map(
              ({ body }) =>
                () =>
                  runList(body, shell),
            ),
            () => undefined,
          ],
          shell,
          node.pos,
        );
        return null;
      }
      const hit = node.items.find(({ pattern }) =>
        pattern.some((one) => matches(value, textOf(one, shell).text)),
      );
      return hit === undefined ? true : runList(hit.body, shell);
    }
    case 'For': {
      const words = (node.wordlist ?? []).flatMap((word) => fieldsOf(word, shell));
      if (words.every(({ certainty }) => certainty === 'known')) {
        for (const word of words) {
          shell.variables.set(node.name.value, [word]);
          runList(node.body, shell);
        }
        return true;
      }
      shell.variables.set(node.name.value, [
        { text: `$${node.name.value}`, line: shell.lineOf(node.pos), certainty: 'unknown' },
      ]);
      either([() => runList(node.body, shell), () => undefined], shell, node.pos);
      return null;
    }
    case 'While':
    case 'ArithmeticFor':
    case 'Select':
      either([() => runList(node.body, shell), () => undefined], shell, node.pos);
      return null;
    case 'Coproc':
      return null;
  }
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
  if (truth === true) return runList(way.then, shell);
  if (truth === false) return choose(rest, otherwise, shell);
  either([() => runList(way.then, shell), () => choose(rest, otherwise, shell)], shell, way.then.pos);
  return null;
}

function either(ways: readonly (() => unknown)[], shell: Shell, position: number): void {
  const before = shell.variables;
  const after = ways.map((way) => {
    shell.variables = new Map(before);
    way();
    return shell.variables;
  });
  shell.variables = merged(after, shell.lineOf(position));
}
