import type { TestExpression } from 'unbash';
import { textOf } from './expand.ts';
import { matches } from './pattern.ts';
import type { Surroundings } from './shell.ts';
import type { Field, Truth } from './state.ts';

export const not = (truth: Truth): Truth => (truth === null ? null : !truth);

/** `[ … ]` and `test …`: the words between. */
export function testWords(words: readonly Field[]): Truth {
  const [first, second, third] = words;
  for (const [operator, decisive] of [
    ['-o', true],
    ['-a', false],
  ] as const) {
    const place = words.findIndex(({ text: word }, i) => i > 0 && word === operator);
    if (place < 0) continue;
    const truths = [testWords(words.slice(0, place)), testWords(words.slice(place + 1))];
    return truths.includes(decisive) ? decisive : truths.includes(null) ? null : !decisive;
  }
  if (first?.text === '!') return not(testWords(words.slice(1)));
  if (words.length === 1) return unary('-n', first!);
  if (words.length === 2) return unary(first!.text, second!);
  return words.length === 3 ? binary(second!.text, first!, third!) : null;
}

/** `[[ … ]]`. */
export function testExpression(expression: TestExpression, at: Surroundings): Truth {
  switch (expression.type) {
    case 'TestGroup':
      return testExpression(expression.expression, at);
    case 'TestNot': {
      const truth = testExpression(expression.operand, at);
      return expression.negations.length % 2 === 1 ? not(truth) : truth;
    }
    case 'TestLogical': {
      const truths = expression.operands.map((one) => testExpression(one, at));
      const decisive = expression.operator === '||';
      return truths.includes(decisive) ? decisive : truths.includes(null) ? null : !decisive;
    }
    case 'TestUnary':
      return unary(expression.operator, textOf(expression.operand, at));
    case 'TestBinary':
      return binary(expression.operator, textOf(expression.left, at), textOf(expression.right, at));
  }
}

/** A variable without a value is empty in a condition: most scripts ask so whether an option was given. */
function text({ text: value, certainty }: Field): string | null {
  return certainty === 'known' ? value : certainty === 'unset' ? '' : null;
}

function unary(operator: string, field: Field): Truth {
  const value = text(field);
  if (value === null) return null;
  if (operator === '-n') return value !== '';
  return operator === '-z' ? value === '' : null;
}

const NUMBERS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '-eq': (a, b) => a === b,
  '-ne': (a, b) => a !== b,
  '-lt': (a, b) => a < b,
  '-le': (a, b) => a <= b,
  '-gt': (a, b) => a > b,
  '-ge': (a, b) => a >= b,
};

function binary(operator: string, left: Field, right: Field): Truth {
  const [a, b] = [text(left), text(right)];
  if (a === null || b === null) return null;
  if (operator === '=' || operator === '==') return matches(a, b);
  if (operator === '!=') return !matches(a, b);
  if (operator === '=~') return foundIn(a, b);
  return a === '' || b === '' ? false : (NUMBERS[operator]?.(Number(a), Number(b)) ?? null);
}

/** null: a pattern that is none here. */
function foundIn(value: string, source: string): Truth {
  try {
    return new RegExp(source).test(value);
  } catch {
    return null;
  }
}
