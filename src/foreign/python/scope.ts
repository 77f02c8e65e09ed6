import { evaluate } from './evaluate.ts';
import type { Assignment, Expression, Statement } from './syntax.ts';
import { isKind, type Scope, type Value } from './value.ts';

/** The values of names after a statement; what its blocks do is not in it. */
export function after(statement: Statement, scope: Scope): Scope {
  switch (statement.kind) {
    case 'assignment':
      return new Map([...scope, ...assigned(statement, scope)]);
    case 'import':
      return new Map([
        ...scope,
        ...statement.names.map(({ module, name, as }) => [as, { kind: 'named', name, module }] as const),
      ]);
    case 'function':
      return new Map([...scope, [statement.name, { kind: 'named', name: statement.name, module: null }]]);
    case 'return':
      return scope;
    case 'other': {
      const { binds, touches, line } = statement;
      const changed = touches.filter((name) => isChangeable(scope.get(name)));
      return new Map([
        ...scope,
        ...[...binds, ...changed].map((name) => [name, untold(name, line)] as const),
      ]);
    }
  }
}

/** The names that an assignment gives values, target by target. */
function assigned({ targets, value, line }: Assignment, scope: Scope): [name: string, value: Value][] {
  return targets.flatMap((target) =>
    pairs(target, value).flatMap(([one, its]): [string, Value][] => {
      if (one.kind === 'name')
        return [[one.name, its === null ? untold(one.text, line) : evaluate(its, scope)]];
      // `parts[0] = …` changes parts.
      const root = one.kind === 'other' ? one.inside[0] : undefined;
      return root?.kind === 'name' && isChangeable(scope.get(root.name))
        ? [[root.name, untold(root.text, line)]]
        : [];
    }),
  );
}

/** Targets with what each of them is given: `a, b = 1, 2` are two; null: it cannot be told apart. */
export function pairs(
  target: Expression,
  value: Expression,
): [target: Expression, value: Expression | null][] {
  if (target.kind !== 'list') return [[target, value]];
  const values = value.kind === 'list' && value.items.length === target.items.length ? value.items : null;
  return target.items.flatMap((one, i) => {
    const its = values?.[i];
    return its === undefined ? [[one, null]] : pairs(one, its);
  });
}

const untold = (text: string, line: number): Value => ({ kind: 'unreadable', text, line });

/** A list or a dictionary: its own methods change it. */
const isChangeable = (value: Value | undefined) => Array.isArray(value) || isKind(value, 'dictionary');
