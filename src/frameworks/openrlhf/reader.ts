import { InputError } from '../../domain/input-error.ts';
import { askedOf, runtimeOf } from '../hf-trainer/run.ts';
import type { LaunchReader, Located, ReadFile, Source } from '../port/reader.ts';
import { bad, broken, type FileRule } from '../reading/file-rule.ts';
import { flagWords } from '../reading/flag-words.ts';
import { readWays } from '../reading/ways.ts';
import { type Flags, flagsOf } from './flags.ts';
import { actorGpus, openrlhfRun, TRAINERS, type Trainer } from './run.ts';

const FLAG =
  /^--(?:ds\.|train\.|data\.|actor\.|model\.|rollout\.|zero_stage|micro_train_batch_size|train_batch_size|pretrain|actor_num_)/;

interface Sizes {
  readonly gpus: number | null;
  readonly split: number;
  readonly batch: number;
  readonly micro: number;
}

const RULES: readonly FileRule<Flags, Sizes>[] = [
  {
    rule: 'zero-stage',
    at: 'stage',
    unreadable: true,
    check: (f) =>
      [undefined, 0, 1, 2, 3].includes(f.at('stage') as number | undefined)
        ? null
        : bad(`zero_stage ${String(f.at('stage'))}`, '0, 1, 2 or 3', 'Set it to 3.'),
  },
  {
    rule: 'world-size',
    at: 'ring',
    check: (_, { gpus, split }) =>
      gpus === null || gpus % split === 0
        ? null
        : bad(
            `${gpus} GPUs`,
            `a multiple of ${split}: ring attention · tensor parallelism`,
            'Change a degree.',
          ),
  },
  {
    // utils/deepspeed/deepspeed.py: accumulated_gradient is a whole number of micro-batches.
    rule: 'batch-equation',
    at: 'batch',
    check: (_, { gpus, split, batch, micro }) =>
      gpus === null || batch % (micro * (gpus / split)) === 0
        ? null
        : bad(
            `a batch of ${batch}`,
            `a multiple of ${micro} on each of ${gpus / split} ranks`,
            'Change the batch.',
          ),
  },
];

/** The command line of `openrlhf.cli.train_…`, in a shell script. */
export const openrlhfReader: LaunchReader = {
  file: 'openrlhf.sh',
  rules: RULES,
  read(source) {
    const found = source.words((word) => FLAG.test(word));
    return readWays(source, found, ({ words }) => fileOf(source, flagWords(words, source.path)));
  },
};

function trainerOf({ text, path }: Source): Trainer {
  const [, named = ''] = /train_(sft|dpo|rm|ppo_ray|ppo|kto|kd|prm)\b/.exec(text) ?? [];
  const trainer = TRAINERS.find((one) => one === named);
  if (trainer !== undefined) return trainer;
  throw new InputError({
    message:
      named === '' ? `${path} starts none of OpenRLHF's trainers` : `it starts OpenRLHF's train_${named}`,
    expected: `one of ${TRAINERS.map((one) => `openrlhf.cli.train_${one}`).join(', ')}`,
    at: { file: path, line: 1 },
  });
}

function fileOf(source: Source, located: Located): ReadFile {
  const trainer = trainerOf(source);
  if (Object.keys(located.value as object).length === 0)
    throw new InputError({
      message: `${source.path} has no arguments of its trainer that can be read`,
      expected: 'such as --train.batch_size 128',
      at: { file: source.path, line: 1 },
    });
  const lineOf = (key: string) => located.locate(`/${key}`).line ?? 1;
  const flags = flagsOf(located.value as Readonly<Record<string, unknown>>, { file: source.path }, lineOf);
  const run = openrlhfRun(trainer, flags);
  const gpus = actorGpus(trainer, flags);
  const { tp, cp } = run.degrees;
  return {
    runtime: runtimeOf(run),
    gpus,
    asked: (given) => askedOf(run, given ?? null),
    violations: (given) =>
      broken(
        RULES,
        flags,
        { gpus: given ?? gpus, split: tp * cp, batch: run.globalBatch ?? 1, micro: run.microBatch },
        (at) => flags.line(at as 'stage'),
      ),
  };
}
