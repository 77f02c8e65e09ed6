import { InputError } from '../../domain/input-error.ts';
import type { ProgramWay } from '../../foreign/bash/program.ts';
import type { ReadFile, Source } from '../port/reader.ts';
import { readWays } from '../reading/ways.ts';
import { LIST_FLAGS, SWITCH_FLAGS } from './flag-names.ts';
import { FLAG, flagsOf } from './flags.ts';
import { withFormer } from './former-flags.ts';
import { type MegatronRun, megatronRun } from './run.ts';

/** The `--flags` of an argument file, or of the shell script that starts the program with them. */
export function readRuns(source: Source, read: (run: MegatronRun) => ReadFile): ReadFile {
  const { path } = source;
  const found = source.words((word) => FLAG.test(word));
  const flags = found.ways.map(({ words }) => flagsOf(words));
  if (flags.some(({ size }) => size === 0)) {
    throw new InputError({
      message: `${path} has no --flags`,
      expected: 'arguments, one a word, or a shell script that starts the training program with them',
      at: { file: path, line: 1 },
    });
  }
  const runOf = (way: ProgramWay) =>
    megatronRun(withFormer(flagsOf(way.words)), path, found.variables, isWhole(way));
  return readWays(source, found, (way) => read(runOf(way)));
}

/** Whether no word that only a running shell knows can be a flag: each is the value of one. */
function isWhole({ words, all }: ProgramWay): boolean {
  if (!all) return false;
  let flag: string | null = null;
  let values = 0;
  for (const { text, certainty } of words) {
    const [, name, value] = FLAG.exec(text) ?? [];
    if (name !== undefined) {
      flag = name.slice(2);
      values = value === undefined ? 0 : 1;
    } else {
      const takes = flag !== null && !SWITCH_FLAGS.has(flag) && (values === 0 || LIST_FLAGS.has(flag));
      if (certainty !== 'known' && !takes) return false;
      values += 1;
    }
  }
  return true;
}
