import { balanced, closing, split } from './statements.ts';

/** `call`: the name of what is called; `text`: what stands in its brackets. */
export interface Call {
  readonly call: string;
  readonly text: string;
}

/** A literal of Python, as far as configurations use them. */
export type Literal = number | string | boolean | null | readonly Literal[] | Call;

type Names = ReadonlyMap<string, Literal>;

/** More layers than any model has; a comprehension in a comprehension makes its square. */
const LONGEST_RANGE = 1024;

/**
 * The value of an expression of literals, sums, products, `range` and list comprehensions; undefined: it is none.
 * `depth`: comprehensions it stands in.
 */
export function literal(expression: string, names: Names, depth = 0): Literal | undefined {
  const text = expression.trim();
  if (/^-?\d[\d_]*(\.\d+)?$/.test(text)) return Number(text.replaceAll('_', ''));
  if (text === 'True' || text === 'False') return text === 'True';
  if (text === 'None') return null;
  if (/^(["']).*\1$/s.test(text) && closing(text, 0) === text.length - 1) return text.slice(1, -1);
  if (/^f(["']).*\1$/s.test(text) && closing(text, 1) === text.length - 1)
    return formatted(text.slice(2, -1), names);
  if (/^[[(].*[\])]$/s.test(text) && balanced(text, 0).length === text.length - 2)
    return listOf(text, names, depth);
  const terms = split(text, '+');
  if (terms.length > 1) return sum(terms.map((term) => literal(term, names, depth)));
  const factors = split(text, '*');
  if (factors.length > 1) return product(factors.map((factor) => literal(factor, names, depth)));
  const range = /^range\((.*)\)$/s.exec(text);
  if (range !== null) return rangeOf(split(range[1]!, ',').map((bound) => literal(bound, names)));
  const call = /^([A-Z]\w*|model_registry)(?:\.Config)?\(/.exec(text);
  if (call !== null) return { call: call[1]!, text: balanced(text, call[0].length - 1) };
  return names.get(text);
}

/** A list, a tuple, an expression in brackets, or `[value for name in list]`. */
function listOf(text: string, names: Names, depth: number): Literal | undefined {
  const inside = balanced(text, 0);
  const [value, loop, ...others] = split(inside, ' for ');
  if (loop !== undefined && others.length === 0) return comprehension(value!, loop, names, depth + 1);
  const items = split(inside, ',').map((item) => literal(item, names, depth));
  if (!items.every((item) => item !== undefined)) return undefined;
  return text.startsWith('(') && items.length === 1 ? items[0] : items;
}

function comprehension(value: string, loop: string, names: Names, depth: number): Literal[] | undefined {
  const [, name, over] = /^\s*(\w+)\s+in\s+(.+)$/s.exec(loop) ?? [];
  const list = over === undefined ? undefined : literal(over, names, depth);
  if (!Array.isArray(list) || depth > 2 || list.length > LONGEST_RANGE) return undefined;
  const items = list.map((item) => literal(value, new Map([...names, [name!, item]]), depth));
  return items.every((item) => item !== undefined) ? items : undefined;
}

function formatted(template: string, names: Names): string | undefined {
  let known = true;
  const text = template.replace(/\{([^{}]*)\}/g, (_, expression: string) => {
    const value = literal(expression, names);
    if (typeof value !== 'number' && typeof value !== 'string') known = false;
    return String(value);
  });
  return known ? text : undefined;
}

function sum(terms: readonly (Literal | undefined)[]): Literal | undefined {
  if (terms.every((term) => typeof term === 'number')) return terms.reduce((a, b) => a + b, 0);
  return terms.every((term) => Array.isArray(term)) ? terms.flat() : undefined;
}

function product(factors: readonly (Literal | undefined)[]): number | undefined {
  return factors.every((factor) => typeof factor === 'number')
    ? factors.reduce((a, b) => a * b, 1)
    : undefined;
}

function rangeOf(bounds: readonly (Literal | undefined)[]): number[] | undefined {
  if (bounds.length === 0 || bounds.length > 2 || !bounds.every((bound) => Number.isInteger(bound)))
    return undefined;
  const [first, end] = (bounds.length === 1 ? [0, ...bounds] : bounds) as [number, number];
  const length = Math.max(0, end - first);
  return length > LONGEST_RANGE ? undefined : Array.from({ length }, (_, i) => first + i);
}
