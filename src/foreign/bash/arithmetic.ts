import type { ArithmeticExpression } from 'unbash';

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

/** The value of bash's arithmetic on whole numbers; null where a variable has none, or an operator changes one. */
export function arithmetic(
  expression: ArithmeticExpression,
  textOf: (name: string) => string | null,
): number | null {
  const of = (one: ArithmeticExpression) => arithmetic(one, textOf);
  switch (expression.type) {
    case 'ArithmeticGroup':
      return of(expression.expression);
    case 'ArithmeticBinary': {
      const [a, b] = [of(expression.left), of(expression.right)];
      const value = a === null || b === null ? null : OPERATORS[expression.operator]?.(a, b);
      return value === undefined || value === null || !Number.isFinite(value) ? null : value;
    }
    case 'ArithmeticUnary': {
      const value = of(expression.operand);
      const sign = { '-': -1, '+': 1 }[expression.operator];
      if (value === null) return null;
      return expression.operator === '!' ? Number(value === 0) : sign === undefined ? null : sign * value;
    }
    case 'ArithmeticTernary': {
      const test = of(expression.test);
      return test === null ? null : of(test === 0 ? expression.alternate : expression.consequent);
    }
    case 'ArithmeticWord': {
      const name = /^(?:\$?([A-Za-z_]\w*)|\$\{([A-Za-z_]\w*)\})$/.exec(expression.value);
      const text = name === null ? expression.value : textOf((name[1] ?? name[2])!);
      return text !== null && /^-?\d+$/.test(text) ? Number(text) : null;
    }
    default:
      return null;
  }
}
