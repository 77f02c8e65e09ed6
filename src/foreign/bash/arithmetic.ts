import type { ArithmeticExpression, ArithmeticUnary, ArithmeticWord } from 'unbash';

const OPERATORS: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => Math.trunc(a / b),
  '%': (a, b) => a % b,
  '**': (a, b) => a ** b,
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
  '<': (a, b) => Number(a < b),
  '<=': (a, b) => Number(a <= b),
  '>': (a, b) => Number(a > b),
  '>=': (a, b) => Number(a >= b),
  '&&': (a, b) => Number(a !== 0 && b !== 0),
  '||': (a, b) => Number(a !== 0 || b !== 0),
};

/** How arithmetic gets at variables. */
export interface Numbers {
  /** The text of a variable, or of `$1`, `${NAME:-8}` …; null: it has none. */
  read(word: ArithmeticWord): string | null;
  /** null: what it becomes cannot be told. */
  write(name: string, value: number | null): void;
}

/** The value of bash's arithmetic on whole numbers; null where a variable has none. */
export function arithmetic(expression: ArithmeticExpression, numbers: Numbers): number | null {
  const of = (one: ArithmeticExpression) => arithmetic(one, numbers);
  switch (expression.type) {
    case 'ArithmeticGroup':
      return of(expression.expression);
    case 'ArithmeticBinary': {
      const { operator, left, right } = expression;
      const assigns = /^([-+*/%]?)=$/.exec(operator);
      if (assigns === null) return worked(operator, of(left), of(right));
      const value = assigns[1] === '' ? of(right) : worked(assigns[1]!, of(left), of(right));
      if (left.type === 'ArithmeticWord') numbers.write(left.value, value);
      return value;
    }
    case 'ArithmeticUnary':
      return unary(expression, numbers);
    case 'ArithmeticTernary': {
      const test = of(expression.test);
      return test === null ? null : of(test === 0 ? expression.alternate : expression.consequent);
    }
    case 'ArithmeticWord': {
      const text = /^\d+$/.test(expression.value) ? expression.value : numbers.read(expression);
      return text !== null && /^\s*-?\d+\s*$/.test(text) ? Number(text) : null;
    }
    default:
      return null;
  }
}

function worked(operator: string, a: number | null, b: number | null): number | null {
  const value = a === null || b === null ? undefined : OPERATORS[operator]?.(a, b);
  return value === undefined || !Number.isFinite(value) ? null : value;
}

function unary({ operator, operand, prefix }: ArithmeticUnary, numbers: Numbers): number | null {
  const value = arithmetic(operand, numbers);
  const step = { '++': 1, '--': -1 }[operator];
  if (step !== undefined) {
    const next = value === null ? null : value + step;
    if (operand.type === 'ArithmeticWord') numbers.write(operand.value, next);
    return prefix ? next : value;
  }
  if (value === null) return null;
  const sign = { '-': -1, '+': 1 }[operator];
  return operator === '!' ? Number(value === 0) : sign === undefined ? null : sign * value;
}
