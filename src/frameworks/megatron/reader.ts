import { InputError } from '../../domain/input-error.ts';
import type { LaunchReader, ReadFile } from '../port/reader.ts';
import { broken } from '../reading/file-rule.ts';
import { askedOf } from './asked.ts';
import { COMMAND_LINE_RULES } from './command-line-rules.ts';
import { MEGATRON_FILE_RULES } from './file-rules.ts';
import { lossOfRun } from './loss.ts';
import { isMegatronDeepSpeed, readMegatronDeepSpeed } from './megatron-deepspeed.ts';
import { readRuns } from './read-runs.ts';
import { type MegatronRule, type MegatronRun, sizesOf } from './run.ts';
import { fileSettings } from './settings.ts';

const rules = [...MEGATRON_FILE_RULES, ...COMMAND_LINE_RULES];

/** Megatron-LM's argument file, or a shell script that holds the flags. */
export const megatronReader: LaunchReader = {
  file: 'arguments.txt',
  rules,
  read(source) {
    const { path, text } = source;
    if (text.includes('\u0000'))
      throw new InputError({ message: `${path} is a binary file`, expected: 'a text file of arguments' });
    return readRuns(source, (run) =>
      isMegatronDeepSpeed(run)
        ? readMegatronDeepSpeed(run)
        : { ...readRun(run, { rules, nameOf: (flag) => flag }), settings: () => fileSettings(run) },
    );
  },
};

interface Dialect {
  readonly rules: readonly MegatronRule[];
  /** What the framework calls a flag of Megatron-LM; messages then speak of that. */
  readonly nameOf: (flag: string) => string;
  /** How its loss is worked out, as `--config` writes it; left out: as Megatron Core's. */
  readonly lossOf?: typeof lossOfRun;
}

/** Megatron-LM's law for a run, whatever the format it was read from. */
export function readRun(run: MegatronRun, { rules: law, nameOf, lossOf = lossOfRun }: Dialect): ReadFile {
  const named = (text: string) => text.replaceAll(/--[a-z][a-z0-9-]*/g, nameOf);
  return {
    asked: (gpus) => {
      const asked = askedOf(run, gpus);
      const configuration = { ...asked.configuration, ...lossOf(run) };
      return { ...asked, configuration, notes: asked.notes?.map(named) ?? [] };
    },
    violations: (gpus) =>
      broken(law, run, sizesOf(run, gpus), (flag) => run.line(flag)).map((one) => ({
        ...one,
        actual: named(one.actual),
        limit: named(one.limit),
        fix: named(one.fix),
      })),
  };
}
