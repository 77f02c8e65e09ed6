import { InputError } from '../domain/input-error.ts';

/** A whole number that a flag or a setting must have. Throws InputError naming the flag. */
export function whole(option: string, text: string | undefined, least = 1, most = 1e9): number {
  if (text === undefined) throw new InputError({ message: `${option} is missing`, expected: `${option} N` });
  const value = Number(text);
  if (/^\d+$/.test(text.trim()) && value >= least && value <= most) return value;
  throw new InputError({
    message: `${option} is "${text}"`,
    expected: `a whole number from ${least} to ${most}`,
  });
}
