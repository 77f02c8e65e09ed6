import { digits, formatInteger, formatParameters } from '../units/format.ts';

/** `$1.23B`, `$8.21M`, `$226k`, `$3,960`, `$15.1`. */
export function money(dollars: number): string {
  const between = dollars >= 999.5 && dollars < 9995;
  return `$${between ? formatInteger(dollars) : formatParameters(dollars)}`;
}

/** `1,069`, `41.2`, without the word. */
export function days(seconds: number): string {
  const count = seconds / 86_400;
  return count >= 999.5 ? formatInteger(count) : digits(count);
}

/** `15T tokens`, `1.5T tokens`: as they were asked for, not rounded. */
export function tokensWords(tokens: number): string {
  const [size, suffix] = (
    [
      [1e12, 'T'],
      [1e9, 'B'],
      [1e6, 'M'],
    ] as const
  ).find(([one]) => tokens >= one) ?? [1, ''];
  return `${tokens / size}${suffix} token${tokens === 1 ? '' : 's'}`;
}
