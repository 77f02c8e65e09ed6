import { InputError } from '../../domain/input-error.ts';
import { MEGATRON_FILE_RULES } from '../megatron/file-rules.ts';
import { readRun } from '../megatron/reader.ts';
import { megatronRun } from '../megatron/run.ts';
import type { LaunchReader } from '../reader.ts';
import { fieldOf, flagsFrom } from './fields.ts';

const OVERRIDE = /^([a-z_]+(?:\.[a-z0-9_]+)*)=(.+)$/;

/** Its models have fields beside Megatron-LM's flags. */
const rules = MEGATRON_FILE_RULES.filter(({ rule }) => rule !== 'known-flags');

/**
 * Overrides of Megatron-Bridge, one a line or as words of a shell script. What its recipe says by itself is not in the
 * file, so only what the overrides say is read.
 */
export const bridgeReader: LaunchReader = {
  file: 'overrides.txt',
  rules,
  read({ path, text }) {
    const overrides = text.split(/\r?\n/).flatMap((line, i) =>
      line.trimStart().startsWith('#')
        ? []
        : words(line).flatMap((word) => {
            const [, field, value] = OVERRIDE.exec(word) ?? [];
            const known = field === 'mixed_precision' || field?.includes('.') === true;
            return known ? [{ field: field!, value: value!, line: i + 1 }] : [];
          }),
    );
    if (overrides.length === 0)
      throw new InputError({
        message: `${path} has no overrides`,
        expected: 'section.field=value, such as model.tensor_model_parallel_size=8',
        at: { file: path, line: 1 },
      });
    return readRun(megatronRun(flagsFrom(overrides), path), {
      rules,
      nameOf: (flag) => fieldOf(flag.slice(2)),
    });
  },
};

/** Words of one line; quotes around a word, or around its value, keep it together. */
function words(line: string): string[] {
  const found = line.match(/'[^']*'|(?:[^\s'"]|"[^"]*")+/g) ?? [];
  return found.map((word) => word.replaceAll(/^'|'$/g, '')).filter((word) => word !== '\\');
}
