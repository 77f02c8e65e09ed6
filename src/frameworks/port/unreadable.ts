import { InputError } from '../../domain/input-error.ts';
import type { LaunchReader, ReadFile } from './reader.ts';

/**
 * Throws InputError, in the words of `validate`, where a file has a value that is none of its framework's: it stands for no plan, and the
 * default is not what was meant.
 */
export function refuseUnreadable(
  file: ReadFile,
  rules: LaunchReader['rules'],
  { path, ranks }: { readonly path: string; readonly ranks: number | null },
): void {
  const unreadable = new Set(rules.filter((one) => one.unreadable === true).map(({ rule }) => rule));
  const odd = file.violations(ranks).find(({ rule }) => unreadable.has(rule));
  if (odd === undefined) return;
  const { rule, line, actual, limit, fix } = odd;
  throw new InputError({
    message: `${rule}: ${actual}`,
    expected: limit,
    hint: fix,
    at: { file: path, line },
  });
}
