import { evaluate } from '../../foreign/python/evaluate.ts';
import { after, pairs } from '../../foreign/python/scope.ts';
import type { Expression, Statement } from '../../foreign/python/syntax.ts';
import { isKind, type Made, type Scope, type Value } from '../../foreign/python/value.ts';
import { callsOf, everyStatement } from '../../foreign/python/walk.ts';

export interface Assigned {
  readonly value: Value;
  readonly line: number;
}

/** What a recipe assigns, by dotted path inside its configuration, and the values of its names. */
export interface RecipeAssignments {
  /** The function the configuration comes from: `llama3_70b`. */
  readonly base: string | null;
  /** The `seq_len` that it was asked for; null: none. */
  readonly length: Assigned | null;
  readonly fields: ReadonlyMap<string, Assigned>;
  readonly names: Scope;
}

const LENGTH = 'seq_len';
const SECTIONS: ReadonlyMap<string | null, string> = new Map([
  ['ParallelismConfig', 'parallelism'],
  ['TrainingConfig', 'training'],
  ['CompileConfig', 'compile'],
]);
/** What copies a configuration with other values. */
const COPIES = ['replace', 'evolve'];

/**
 * Reads the statements of one recipe without running them: assignments to `c.section.field`, through names such as
 * `p = c.parallelism`, keywords of `ParallelismConfig(…)` and its like, and those of the call that makes the whole
 * (`Trainer.Config(activation_checkpoint=…)`). `scope`: the names around it.
 */
export function assignmentsIn(statements: readonly Statement[], scope: Scope = new Map()): RecipeAssignments {
  const fields = new Map<string, Assigned>();
  let names = scope;
  let base: Made | null = null;
  for (const statement of everyStatement(statements)) {
    const { line } = statement;
    for (const [path, value] of keywords(statement, names)) fields.set(path, { value, line });
    for (const [target, value] of assigned(statement)) {
      const its = value === null ? untold(target, line) : evaluate(value, names);
      if (target.kind === 'name' && isKind(its, 'made') && isBase(its)) base ??= its;
      const path = target.kind === 'attribute' ? pathOf(evaluate(target, names)) : null;
      if (path !== null) fields.set(path, { value: its, line });
    }
    const returned = statement.kind === 'return' ? statement.value : null;
    const given = returned === null ? null : evaluate(returned, names);
    if (given !== null && isKind(given, 'made') && isBase(given)) base ??= given;
    names = after(statement, names);
  }
  const length = base?.keywords.get(LENGTH);
  return {
    base: base === null ? null : nameOf(base.by),
    length: base === null || length === undefined ? null : { value: length, line: base.line },
    fields,
    names,
  };
}

/** Names and fields that a statement gives values, with these; null: they cannot be told apart. */
function assigned(statement: Statement): (readonly [target: Expression, value: Expression | null])[] {
  return statement.kind === 'assignment'
    ? statement.targets.flatMap((target) => pairs(target, statement.value))
    : [];
}

const untold = ({ text }: Expression, line: number): Value => ({ kind: 'unreadable', text, line });

/** Keywords of the whole, of sections that the statement makes, and of copies of either, by dotted path. */
function keywords(statement: Statement, names: Scope): [path: string, value: Value][] {
  return callsOf(statement).flatMap(({ of, args }): [path: string, value: Value][] => {
    const callee = evaluate(of, names);
    const own = args.filter(({ name }) => name !== null && !name.startsWith('*'));
    const values = own.map(({ name, value }): [string, Value] => [name!, evaluate(value, names)]);
    const section = SECTIONS.get(nameOf(callee));
    if (section !== undefined) return values.map(([name, value]) => [`${section}.${name}`, value]);
    const copied = COPIES.includes(nameOf(callee) ?? '') ? args[0] : undefined;
    const at = copied === undefined || copied.name !== null ? null : pathOf(evaluate(copied.value, names));
    if (at !== null)
      return values
        .filter(([, value]) => !isCopy(value))
        .map(([name, value]) => [at === '' ? name : `${at}.${name}`, value]);
    // Sections in it are calls of their own.
    return isWhole(callee) ? values.filter(([, value]) => !isSection(value)) : [];
  });
}

/** `Trainer.Config`, or a class of one's own in its place. */
function isWhole(callee: Value): boolean {
  if (!isKind(callee, 'field')) return isKind(callee, 'named') && callee.name === 'JobConfig';
  return callee.name === 'Config' && isKind(callee.of, 'named', 'field') && /Trainer$/.test(callee.of.name);
}

/** A section with other values: those are told by a call of its own. */
const isCopy = (value: Value) => isKind(value, 'made') && COPIES.includes(nameOf(value.by) ?? '');
const isSection = (value: Value) => isKind(value, 'made') && SECTIONS.has(nameOf(value.by));

/** A call by a plain name of a function that asks for no more than a length makes a configuration. */
function isBase({ by, args, keywords: given, open }: Made): boolean {
  const others = [...given.keys()].filter((name) => name !== LENGTH);
  return isKind(by, 'named') && /^[a-z_]/.test(by.name) && !open && args.length + others.length === 0;
}

/** Where in the configuration a value stands, '' for the whole of it, changed or copied; null: it is no part of it. */
function pathOf(value: Value): string | null {
  if (isKind(value, 'field')) {
    const owner = pathOf(value.of);
    return owner === null ? null : owner === '' ? value.name : `${owner}.${value.name}`;
  }
  if (!isKind(value, 'made')) return null;
  if (isBase(value) || isWhole(value.by)) return '';
  const [from = null] = isKind(value.by, 'field') ? [value.by.of] : value.args;
  return pathOf(from) === '' ? '' : null;
}

function nameOf(value: Value): string | null {
  return isKind(value, 'named', 'field') ? value.name : null;
}
