import { InputError } from '../domain/input-error.ts';

/** Tokens of a training run are told in powers of ten: Llama 3's 15T are 15e12. */
const FACTORS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, b: 1e9, g: 1e9, t: 1e12 };
const MOST = 1e18;

/** Tokens to train on: `15T`, `300B`, `1.5T tokens`. Throws InputError. */
export function tokenCountFrom(text: string): number {
  const [, number, suffix = ''] =
    /^(\d+(?:\.\d+)?(?:e\d+)?)\s*([kKmMbBgGtT]?)\s*(?:tok(?:en)?s?)?$/.exec(text.trim()) ?? [];
  const tokens = number === undefined ? Number.NaN : Number(number) * FACTORS[suffix.toLowerCase()]!;
  if (tokens >= 1 && tokens <= MOST) return tokens;
  throw new InputError({
    message: `--tokens is "${text}"`,
    expected: 'tokens to train on, such as 15T or 300B (B is 1e9, T 1e12), from 1 to 1e18',
  });
}
