import { InputError } from '../../domain/input-error.ts';
import type { Where } from '../facts/facts.ts';

export type JsonRecord = Readonly<Record<string, unknown>>;

/** The value as an object; InputError that names what it should have been. */
export function recordOf(value: unknown, what: string, at: Where): JsonRecord {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonRecord;
  throw misshapen(value, what, 'an object', at);
}

/** The same for what may be left out or be of another shape: nothing then. */
export function record(value: unknown): JsonRecord {
  return typeof value === 'object' && value !== null ? (value as JsonRecord) : {};
}

export function listOf(value: unknown, what: string, at: Where): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw misshapen(value, what, 'a list', at);
}

export function textOf(value: unknown, what: string, at: Where): string {
  if (typeof value === 'string') return value;
  throw misshapen(value, what, 'a string', at);
}

/** A number above zero, or null where there is none. */
export function amountOf(value: unknown, what: string, at: Where): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  throw misshapen(value, what, 'a number above zero', at);
}

/** One string, or several, or nothing: Slurm writes all three. */
export function wordsOf(value: unknown, what: string, at: Where): readonly string[] {
  if (value === undefined || value === null) return [];
  return (Array.isArray(value) ? value : [value]).map((word) => textOf(word, what, at));
}

function misshapen(value: unknown, what: string, expected: string, at: Where): InputError {
  return new InputError({
    message: `${what} is ${(JSON.stringify(value) ?? 'missing').slice(0, 60)}`,
    expected,
    at,
  });
}
