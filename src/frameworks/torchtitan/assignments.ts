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

/**
 * Reads a recipe without running it, the whole file as one: assignments to `c.section.field`, through names such as
 * `p = c.parallelism`, and keywords of `ParallelismConfig(…)` and its like.
 */
export function recipeAssignments(statements: readonly Statement[]): RecipeAssignments {
  const fields = new Map<string, Assigned>();
  let names: Scope = new Map();
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

/** Keywords of sections that the statement makes, by dotted path. */
function keywords(statement: Statement, names: Scope): [path: string, value: Value][] {
  return callsOf(statement).flatMap(({ of, args }) => {
    const section = SECTIONS.get(nameOf(evaluate(of, names)));
    return section === undefined
      ? []
      : args.flatMap(({ name, value }): [string, Value][] =>
          name === null || name.startsWith('*') ? [] : [[`${section}.${name}`, evaluate(value, names)]],
        );
  });
}

/** A call by a plain name that asks for no more than a length makes a configuration. */
function isBase({ by, args, keywords, open }: Made): boolean {
  const others = [...keywords.keys()].filter((name) => name !== LENGTH);
  return isKind(by, 'named') && !open && args.length + others.length === 0;
}

/** Where in the configuration a value stands, '' for the whole of it, changed or copied; null: it is no part of it. */
function pathOf(value: Value): string | null {
  if (isKind(value, 'field')) {
    const owner = pathOf(value.of);
    return owner === null ? null : owner === '' ? value.name : `${owner}.${value.name}`;
  }
  if (!isKind(value, 'made')) return null;
  if (isBase(value)) return '';
  const [from = null] = isKind(value.by, 'field') ? [value.by.of] : value.args;
  return pathOf(from) === '' ? '' : null;
}

function nameOf(value: Value): string | null {
  return isKind(value, 'named', 'field') ? value.name : null;
}
