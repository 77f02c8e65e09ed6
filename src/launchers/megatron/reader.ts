import { InputError } from '../../domain/input-error.ts';
import { broken, type LaunchReader, type ReadFile } from '../reader.ts';
import { askedOf } from './asked.ts';
import { MEGATRON_FILE_RULES } from './file-rules.ts';
import { flagsOf } from './flags.ts';
import { type MegatronRun, megatronRun, sizesOf } from './run.ts';

/** Megatron-LM's argument file, or a shell script that holds the flags. */
export const megatronReader: LaunchReader = {
  file: 'arguments.txt',
  rules: MEGATRON_FILE_RULES,
  read({ path, text }) {
    if (text.includes('\u0000'))
      throw new InputError({ message: `${path} is a binary file`, expected: 'a text file of arguments' });
    return readRun(megatronRun(flagsOf(text, path), path));
  },
};

export function readRun(run: MegatronRun): ReadFile {
  return {
    asked: () => askedOf(run),
    violations: (gpus) => broken(MEGATRON_FILE_RULES, run, sizesOf(run, gpus), (flag) => run.line(flag)),
  };
}
