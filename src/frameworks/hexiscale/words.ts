import { InputError } from '../../domain/input-error.ts';
import type { MegatronRun } from '../megatron/run.ts';
import { HEXISCALE_MODELS } from './models.ts';

/** The words after a flag. */
export const valuesOf = (run: MegatronRun, flag: string): readonly string[] =>
  run.flags.get(flag)?.values ?? [];

/** Sizes of --model_size, llama-7b where it is left out (llama/arguments.py@d7f8a2b); null: none that it knows. */
export const sizesOfModel = (run: MegatronRun) =>
  HEXISCALE_MODELS[run.word('--model_size') ?? 'llama-7b'] ?? null;

/** A list of lists of whole numbers, as Python and JSON both write them. */
export function table(run: MegatronRun, flag: string): number[][] {
  const text = valuesOf(run, flag)
    .join('')
    .replaceAll(/,\s*\]/g, ']');
  try {
    const value = JSON.parse(text) as unknown;
    const isList = (list: unknown) => Array.isArray(list) && list.every((n) => Number.isInteger(n) && n > 0);
    if (Array.isArray(value) && value.length > 0 && value.every(isList)) return value as number[][];
  } catch {
    // Said below.
  }
  throw new InputError({
    message: `${flag} is ${text === '' ? 'missing' : JSON.stringify(text)}`,
    expected: 'a list of lists of whole numbers, such as [[4,2],[2]]',
    at: { file: run.file, line: run.line(flag) },
  });
}

/** One number for each pipeline; the last stands for those that follow. */
export function numbers(run: MegatronRun, flag: string, length: number): number[] {
  const values = valuesOf(run, flag).map(Number);
  if (values.length === 0 || values.length > length || values.some((n) => !Number.isInteger(n) || n < 1))
    throw new InputError({
      message: `${flag} is ${values.length === 0 ? 'missing' : values.join(' ')}`,
      expected: `a whole number for each of ${length} pipelines`,
      at: { file: run.file, line: run.line(flag) },
    });
  return Array.from({ length }, (_, i) => values[Math.min(i, values.length - 1)]!);
}
