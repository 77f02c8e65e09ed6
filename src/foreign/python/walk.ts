import type { Call, Expression, Statement } from './syntax.ts';

/** All statements in the order they are written, those of blocks and functions after the one they stand in. */
export function* everyStatement(statements: readonly Statement[]): Generator<Statement> {
  for (const statement of statements) {
    yield statement;
    if (statement.kind === 'function' || statement.kind === 'other') yield* everyStatement(statement.body);
  }
}

/** The calls in a statement as they are written, an outer one before those in it; blocks left out. */
export function callsOf(statement: Statement): (Expression & Call)[] {
  return expressionsOf(statement).flatMap(callsIn);
}

function expressionsOf(statement: Statement): readonly Expression[] {
  switch (statement.kind) {
    case 'assignment':
      return [...statement.targets, statement.value];
    case 'import':
      return [];
    case 'function':
      return [
        ...statement.decorators,
        ...statement.parameters.flatMap(({ value }) => (value === null ? [] : [value])),
      ];
    case 'return':
      return statement.value === null ? [] : [statement.value];
    case 'other':
      return statement.inside;
  }
}

function callsIn(expression: Expression): (Expression & Call)[] {
  const inner = insideOf(expression).flatMap(callsIn);
  return expression.kind === 'call' ? [expression, ...inner] : inner;
}

function insideOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'constant':
    case 'name':
      return [];
    case 'template':
      return expression.parts.filter((part) => typeof part !== 'string');
    case 'attribute':
      return [expression.of];
    case 'call':
      return [expression.of, ...expression.args.map(({ value }) => value)];
    case 'list':
      return expression.items;
    case 'dictionary':
      return expression.entries.flat();
    case 'comprehension':
      return [expression.value, expression.over];
    case 'operation':
      return expression.operands;
    case 'other':
      return expression.inside;
  }
}
