import type { Command } from 'unbash';
import type { Field } from './state.ts';

type Printing = (args: readonly string[]) => string | null;

/** Programs whose words say what they print. */
const PRINTS: Readonly<Record<string, Printing>> = {
  echo: (args) => args.filter((one, i) => i > 0 || !/^-[ne]+$/.test(one)).join(' '),
  basename: ([path, suffix = '']) => {
    const name = path?.replace(/\/+$/, '').replace(/^.*\//, '');
    return name === undefined
      ? null
      : suffix !== '' && name.endsWith(suffix)
        ? name.slice(0, -suffix.length)
        : name;
  },
  dirname: ([path]) => (path === undefined ? null : (/^(.*)\/[^/]+\/*$/.exec(path)?.[1] ?? '.')),
  expr: ([a, operator, b, ...more]) => {
    const [left, right] = [Number(a), Number(b)];
    if (more.length > 0 || !Number.isInteger(left) || !Number.isInteger(right)) return null;
    const value = { '+': left + right, '-': left - right, '*': left * right, '/': Math.trunc(left / right) }[
      operator ?? ''
    ];
    return value === undefined ? null : String(value);
  },
  seq: (args) => {
    const [first, last] = args.length === 1 ? [1, Number(args[0])] : args.map(Number);
    const count = last! - first! + 1;
    return args.length < 3 && Number.isInteger(count) && count > 0 && count < 1000
      ? Array.from({ length: count }, (_, i) => first! + i).join(' ')
      : null;
  },
};

/** What a command prints, from its words; null: only a running shell knows. */
export function printedBy({ redirects }: Command, words: readonly Field[]): string | null {
  const [program, ...args] = words;
  if (program === undefined || redirects.length > 0 || args.some(({ certainty }) => certainty !== 'known'))
    return null;
  return Object.hasOwn(PRINTS, program.text)
    ? PRINTS[program.text]!(args.map(({ text }) => text.replace(/^\\\*$/, '*')))
    : null;
}
