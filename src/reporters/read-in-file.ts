import type { Problem } from '../domain/problem.ts';
import { sequenceWords } from './unit.ts';

/** A launch file, and the degrees and techniques that were read in it, as `--config` has them. */
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

export function wordsOf({
  configuration,
}: {
  readonly configuration: Readonly<Record<string, string>>;
}): string {
  return Object.entries(configuration)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}

/** The workload as it is estimated: flags stand over the file. */
export function readWords({ model, workload }: Problem, { file, words }: ReadInFile): string {
  const { sequenceLength, globalBatchSize, precision } = workload;
  const all = [`${sequenceWords(model, `${sequenceLength}`)}batch ${globalBatchSize}`, precision, words];
  return `Read in ${file}: ${all.filter((one) => one !== '').join(', ')}.`;
}
