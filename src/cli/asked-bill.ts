import { InputError } from '../domain/input-error.ts';
import type { AskedBill } from '../reporters/purchase.ts';
import { quantityOf } from './failures.ts';

/** Tokens and dollars are told in powers of ten: Llama 3's 15T are 15e12. */
const FACTORS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, b: 1e9, g: 1e9, t: 1e12 };
const MOST = 1e18;

/** --tokens with its limits; null: no bill is asked for. Throws InputError. */
export function askedBillFrom(flags: Readonly<Record<string, unknown>>): AskedBill | null {
  const { tokens, deadline, budget } = flags;
  if (tokens === undefined) {
    const odd = Object.entries({ deadline, budget }).find(([, said]) => said !== undefined);
    if (odd === undefined) return null;
    throw new InputError({
      message: `--${odd[0]} without --tokens`,
      expected: 'how many tokens to train on',
      hint: 'Maybe --tokens 1T.',
    });
  }
  return {
    tokens: tokenCountFrom(String(tokens)),
    limits: {
      seconds: deadline === undefined ? null : deadlineFrom(String(deadline)),
      dollars: budget === undefined ? null : budgetFrom(String(budget)),
    },
  };
}

/** Tokens to train on: `15T`, `300B`, `1.5T tokens`. Throws InputError. */
export function tokenCountFrom(text: string): number {
  const tokens = scaled(/^([\d.e]+)\s*([kKmMbBgGtT]?)\s*(?:tok(?:en)?s?)?$/.exec(text.trim()));
  if (tokens >= 1 && tokens <= MOST) return tokens;
  throw new InputError({
    message: `--tokens is "${text}"`,
    expected: 'tokens to train on, such as 15T or 300B (B is 1e9, T 1e12), from 1 to 1e18',
  });
}

/** Nobody trains by the second: of a plain number days are meant. */
function deadlineFrom(text: string): number {
  if (!/^\d+(?:\.\d+)?$/.test(text.trim())) return quantityOf('--deadline', text, 'duration');
  throw new InputError({
    message: `--deadline is "${text}"`,
    expected: 'a time with its unit, such as "30d" or "12h"',
    hint: `Maybe --deadline ${text.trim()}d.`,
  });
}

/** US dollars: `2M`, `$500k`. Throws InputError. */
export function budgetFrom(text: string): number {
  const dollars = scaled(/^\$?([\d.e]+)\s*([kKmMbB]?)$/.exec(text.trim()));
  if (dollars > 0 && dollars <= MOST) return dollars;
  throw new InputError({
    message: `--budget is "${text}"`,
    expected: 'US dollars, such as 2M or 500k (k is 1e3, M 1e6, B 1e9)',
  });
}

/** A number and a suffix; NaN: no number. */
export function scaled(match: RegExpExecArray | null): number {
  const [, number = '', suffix = ''] = match ?? [];
  if (!/^\d+(?:\.\d+)?(?:e\d+)?$/.test(number)) return Number.NaN;
  return Number(number) * FACTORS[suffix.toLowerCase()]!;
}
