import type { Value } from './value.ts';

const NUMBERS: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '//': (a, b) => Math.floor(a / b),
  '%': (a, b) => a - b * Math.floor(a / b),
  '**': (a, b) => a ** b,
};

/** Longer lists and texts than any recipe has are not built. */
const LONGEST = 10_000;

/** The value of Python's arithmetic; undefined: it has none, or it is not worked out. */
export function arithmetic(operator: string, [a, b]: readonly Value[]): Value | undefined {
  if (b === undefined) return typeof a === 'number' ? signed(operator, a) : undefined;
  if (typeof a === 'number' && typeof b === 'number') return exact(NUMBERS[operator]?.(a, b));
  if (operator !== '+') return undefined;
  if (typeof a === 'string' && typeof b === 'string') return short(a + b);
  return Array.isArray(a) && Array.isArray(b) ? short([...a, ...b]) : undefined;
}

function signed(operator: string, value: number): number | undefined {
  return operator === '-' ? -value : operator === '+' ? value : undefined;
}

/** Whole numbers beyond these are whole in Python, and not here. */
function exact(value: number | undefined): number | undefined {
  if (value === undefined || !Number.isFinite(value)) return undefined;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : value;
}

/** undefined: it is too long. */
export function short<T extends string | readonly Value[]>(value: T): T | undefined {
  return value.length > LONGEST ? undefined : value;
}
