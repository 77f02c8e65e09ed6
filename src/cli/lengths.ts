import { InputError } from '../domain/input-error.ts';
import { whole } from '../plan-text/whole.ts';
import { formatInteger } from '../units/format.ts';

/** Lengths and batches of tokens are powers of two by custom: a context of 128k is 131,072 tokens. */
const FACTORS: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };
const MOST = 1e9;

/** Tokens of one sequence: `8192` or `8k`. Throws InputError. */
export function sequenceLengthFrom(text: string | undefined): number {
  const [, number, suffix] =
    /^(\d+(?:\.\d+)?)\s*([kKmM])i?(?:\s*tok(?:en)?s?)?$/.exec(text?.trim() ?? '') ?? [];
  if (text === undefined || number === undefined || suffix === undefined) return plain(text);
  const tokens = scaled(number, suffix);
  if (Number.isInteger(tokens) && tokens >= 1 && tokens <= MOST) return tokens;
  throw new InputError({
    message: `--seq-length is "${text}", ${understood(tokens, suffix)}`,
    expected: `a whole number of tokens from 1 to ${MOST}`,
  });
}

function plain(text: string | undefined): number {
  if (text !== undefined && !/^\d+$/.test(text.trim()))
    throw new InputError({
      message: `--seq-length is "${text}"`,
      expected: 'tokens of one sequence, such as 8192 or 8k (k is 1,024)',
    });
  return whole('--seq-length', text);
}

const BATCH = /^(\d+(?:\.\d+)?)\s*(?:([kKmMgG])i?)?\s*(tok(?:en)?s?|seq(?:uence)?s?)?$/;

/** Sequences of one optimizer step: `512`, or so many tokens in sequences of `sequenceLength`: `4M tokens`, `4Mtok`. Throws InputError. */
export function globalBatchFrom(text: string | undefined, sequenceLength: number): number {
  const [, number, suffix, unit] = BATCH.exec(text?.trim() ?? '') ?? [];
  if (text === undefined || number === undefined || (suffix === undefined && unit === undefined))
    return batchInSequences(text);
  const count = scaled(number, suffix ?? '');
  if (unit === undefined) throw noUnit(text, number, suffix!, sequenceLength);
  if (unit.startsWith('seq')) return batchInSequences(number + (suffix ?? ''));
  const sequences = count / sequenceLength;
  if (Number.isInteger(sequences) && sequences >= 1 && sequences <= MOST) return sequences;
  const below = Math.max(1, Math.floor(sequences));
  throw new InputError({
    message: `--global-batch is "${text}", ${understood(count, suffix)}: ${Number(sequences.toFixed(2))} sequences of ${sequenceLength}`,
    expected: `tokens of whole sequences of ${sequenceLength} (--seq-length)`,
    hint: `Maybe --global-batch ${below} or ${below + 1}: sequences.`,
  });
}

function batchInSequences(text: string | undefined): number {
  if (text !== undefined && !/^\d+$/.test(text.trim()))
    throw new InputError({
      message: `--global-batch is "${text}"`,
      expected: 'sequences as a plain number, such as 512, or tokens with their unit, such as 4Mtok',
    });
  return whole('--global-batch', text);
}

/** A suffix alone may mean either. */
function noUnit(text: string, number: string, suffix: string, sequenceLength: number): InputError {
  const sequences = scaled(number, suffix) / sequenceLength;
  return new InputError({
    message: `--global-batch is "${text}", which may mean tokens or sequences`,
    expected: 'sequences as a plain number, such as 512, or tokens with their unit, such as 4Mtok',
    hint: Number.isInteger(sequences)
      ? `Maybe "${text}tok": ${formatInteger(sequences)} sequences of ${sequenceLength}.`
      : `Maybe "${text}tok".`,
  });
}

function scaled(number: string, suffix: string): number {
  return Number(number) * (FACTORS[suffix.toLowerCase()] ?? 1);
}

function understood(tokens: number, suffix: string | undefined): string {
  const factor = suffix === undefined ? undefined : FACTORS[suffix.toLowerCase()];
  const of = factor === undefined ? '' : ` (${suffix} is ${formatInteger(factor)})`;
  return `${Number.isInteger(tokens) ? formatInteger(tokens) : tokens} tokens${of}`;
}
