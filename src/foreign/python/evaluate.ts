import { arithmetic, short } from './arithmetic.ts';
import type { Call, Comprehension, Dictionary, Expression, Template } from './syntax.ts';
import { isKind, type Plain, type Scope, type Value } from './value.ts';

/** More layers than any model has; a comprehension in a comprehension makes its square. */
const LONGEST_RANGE = 1024;
const MOST_LOOPS = 2;

/** What an expression is worth where names have the values of `scope`. */
export function evaluate(expression: Expression, scope: Scope): Value {
  return within(expression, scope, 0);
}

/** `loops`: comprehensions it stands in. */
function within(expression: Expression, scope: Scope, loops: number): Value {
  const found = worth(expression, scope, loops);
  return found === undefined ? { kind: 'unreadable', text: expression.text, line: expression.line } : found;
}

function worth(expression: Expression, scope: Scope, loops: number): Value | undefined {
  const of = (one: Expression) => within(one, scope, loops);
  switch (expression.kind) {
    case 'constant':
      return expression.value;
    case 'name': {
      const value = scope.get(expression.name);
      return value === undefined ? { kind: 'named', name: expression.name, module: null } : value;
    }
    case 'attribute': {
      const owner = of(expression.of);
      return isKind(owner, 'named', 'field', 'made')
        ? { kind: 'field', of: owner, name: expression.name }
        : undefined;
    }
    case 'list':
      return expression.items.map(of);
    case 'dictionary':
      return dictionary(expression, of);
    case 'template':
      return formatted(expression, of);
    case 'operation':
      return arithmetic(expression.operator, expression.operands.map(of));
    case 'comprehension':
      return comprehension(expression, scope, loops + 1);
    case 'call':
      return called(expression, expression, of);
    case 'other':
      return undefined;
  }
}

type Evaluating = (expression: Expression) => Value;

function dictionary({ entries }: Dictionary, of: Evaluating): Value | undefined {
  const found = new Map<Plain, Value>();
  for (const [key, value] of entries) {
    const name = of(key);
    if (typeof name === 'object' && name !== null) return undefined;
    found.set(name, of(value));
  }
  return { kind: 'dictionary', entries: found };
}

function formatted({ parts }: Template, of: Evaluating): string | undefined {
  const values = parts.map((part) => (typeof part === 'string' ? part : of(part)));
  return values.every((value) => typeof value === 'string' || typeof value === 'number')
    ? short(values.join(''))
    : undefined;
}

function comprehension({ value, name, over }: Comprehension, scope: Scope, loops: number): Value | undefined {
  const list = within(over, scope, loops - 1);
  if (!Array.isArray(list) || loops > MOST_LOOPS || list.length > LONGEST_RANGE) return undefined;
  return list.map((item: Value) => within(value, new Map([...scope, [name, item]]), loops));
}

function called({ of: callee, args }: Call, { text, line }: Expression, of: Evaluating): Value | undefined {
  const by = of(callee);
  const [positional, starred, named] = [
    args.filter(({ name }) => name === null).map(({ value }) => of(value)),
    args.filter(({ name }) => name?.startsWith('*')),
    args.filter(({ name }) => name !== null && !name.startsWith('*')),
  ];
  if (isKind(by, 'named') && by.name === 'range' && by.module === null)
    return starred.length + named.length === 0 ? range(positional) : undefined;
  const keywords = new Map(named.map(({ name, value }) => [name!, of(value)]));
  return { kind: 'made', by, args: positional, keywords, open: starred.length > 0, text, line };
}

function range(bounds: readonly Value[]): number[] | undefined {
  const [first, end] = bounds.length === 1 ? [0, bounds[0]] : bounds;
  if (bounds.length > 2 || typeof first !== 'number' || typeof end !== 'number') return undefined;
  const length = Math.max(0, end - first);
  return Number.isInteger(first) && length <= LONGEST_RANGE && Number.isInteger(length)
    ? Array.from({ length }, (_, i) => first + i)
    : undefined;
}
