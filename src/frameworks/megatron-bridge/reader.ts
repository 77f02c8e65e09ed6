import { InputError } from '../../domain/input-error.ts';
import { MEGATRON_FILE_RULES } from '../megatron/file-rules.ts';
import { readRun } from '../megatron/reader.ts';
import { megatronRun } from '../megatron/run.ts';
import type { LaunchReader, ProgramWord, ReadFile } from '../port/reader.ts';
import { readWays } from '../reading/ways.ts';
import { trainedBy } from './adapters.ts';
import { fieldOf, flagsFrom } from './fields.ts';

const OVERRIDE = /^([a-z_]+(?:\.[a-z0-9_]+)*)=(.+)$/s;

/** Its own script, which hands its words on to run_recipe.py. */
const PROGRAM = /scripts\/training\/\w+\.sh$/;

/** Names without a section are variables of the shell, but for the recipe of the precision. */
function isOverride(word: string): boolean {
  const [, field] = OVERRIDE.exec(word) ?? [];
  return field === 'mixed_precision' || field?.includes('.') === true;
}

/**
 * Overrides of Megatron-Bridge, one a line or as words of a shell script. What its recipe says by itself is not in the
 * file, so only what the overrides say is read.
 */
export const bridgeReader: LaunchReader = {
  file: 'overrides.txt',
  rules: MEGATRON_FILE_RULES,
  read(source) {
    const found = source.words(isOverride, PROGRAM);
    return readWays(source, found, ({ words }) => readOverrides(words, source.path));
  },
};

function readOverrides(words: readonly ProgramWord[], path: string): ReadFile {
  const overrides = words.flatMap(({ text: word, line }) => {
    const [, field, value] = isOverride(word) ? OVERRIDE.exec(word)! : [];
    return field === undefined ? [] : [{ field, value: value!, line }];
  });
  if (overrides.length === 0)
    throw new InputError({
      message: `${path} has no overrides`,
      expected: 'section.field=value, such as model.tensor_model_parallel_size=8',
      at: { file: path, line: 1 },
    });
  const file = readRun(megatronRun(flagsFrom(overrides, path), path), {
    rules: MEGATRON_FILE_RULES,
    nameOf: (flag) => fieldOf(flag.slice(2)),
  });
  return { ...file, asked: (gpus) => ({ ...file.asked(gpus), ...trainedBy(words, path) }) };
}
