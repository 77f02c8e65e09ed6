import type { Problem } from '../domain/problem.ts';
import { sequenceWords } from './unit.ts';

interface Readable {
  readonly configuration: Readonly<Record<string, string>>;
  readonly optimizer?: string;
  readonly training?: Readonly<Record<string, string>>;
  readonly models?: string;
}

/** A launch file, and what was read in it, as flags have it. */
export interface ReadInFile {
  readonly file: string;
  readonly words: string;
}

/** What stands beside an estimate. */
export interface Told {
  /** What was not said and followed from the rest. */
  readonly inferred: readonly string[];
  /** Left out: the configuration is of no file. */
  readonly read?: ReadInFile;
}

/** Degrees and techniques as `--config` has them, then optimizer, what is trained and models beside it as their flags have them. */
export function wordsOf({ configuration, optimizer, training, models }: Readable): string {
  const beside = { ...training, optimizer, models };
  return [
    ...Object.entries(configuration).map(([key, value]) => `${key}=${value}`),
    ...Object.entries(beside).flatMap(([key, value]) => (value === undefined ? [] : [`${key} ${value}`])),
  ].join(', ');
}

/** The workload as it is estimated: flags stand over the file. */
export function readWords({ model, workload }: Problem, { file, words }: ReadInFile): string {
  const { sequenceLength, globalBatchSize, precision } = workload;
  const all = [`${sequenceWords(model, `${sequenceLength}`)}batch ${globalBatchSize}`, precision, words];
  return `Read in ${file}: ${all.filter((one) => one !== '').join(', ')}.`;
}
