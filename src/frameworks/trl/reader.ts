import { InputError } from '../../domain/input-error.ts';
import { TRAINING_ARGUMENTS } from '../hf-trainer/keys.ts';
import { trainerRules } from '../hf-trainer/rules.ts';
import { askedOf, runtimeOf } from '../hf-trainer/run.ts';
import type { LaunchReader, Located, ReadFile, Source } from '../port/reader.ts';
import { broken } from '../reading/file-rule.ts';
import { flagWords } from '../reading/flag-words.ts';
import { treeOf } from '../reading/tree.ts';
import { readWays } from '../reading/ways.ts';
import { launched } from './accelerate.ts';
import { TRL_KEYS } from './keys.ts';
import { METHODS, type Method, trlRun } from './run.ts';
import { launchArguments } from './words.ts';

/** Of TrainingArguments and its own configurations. */
const VALUES = {
  ...Object.fromEntries(
    ['bf16', 'fp16', 'gradient_checkpointing', 'packing', 'use_peft', 'load_in_4bit', 'load_in_8bit'].map(
      (key) => [key, 'switch'] as const,
    ),
  ),
} as const;

const KEYS = { '': new Set([...TRAINING_ARGUMENTS, ...TRL_KEYS]) };
const RULES = trainerRules('per_device_train_batch_size', VALUES, KEYS);
const FLAG =
  /^--(?:per[_-]device[_-]train|model[_-]name|dataset[_-]name|gradient[_-]|max[_-](?:seq[_-])?length|use[_-]peft|output[_-]dir)/;

/** The YAML that `trl sft --config` is given, or the script that starts it: by its name or its command it is SFT, DPO or another. */
export const trlReader: LaunchReader = {
  file: 'trl.yaml',
  rules: RULES,
  read(source) {
    const plain = { value: {}, locate: () => ({ file: source.path, line: 1 }) };
    if (/\.(ya?ml|json)$/i.test(source.path)) return fileOf(source, source.value(), plain);
    const found = source.words((word) => FLAG.test(word));
    const launch = launchArguments(source);
    return readWays(source, found, ({ words }) =>
      fileOf(source, withConfig(flagWords(words, source.path), source), launch),
    );
  },
};

/** `--config FILE` under the words of the command (trl/scripts/utils.py, TrlParser). */
function withConfig(own: Located, source: Source): Located {
  const { config } = own.value as { readonly config?: unknown };
  if (typeof config !== 'string') return own;
  const text = source.beside?.(config) ?? null;
  if (text === null)
    throw new InputError({
      message: `--config ${config} is not beside ${source.path}`,
      expected: 'that file in the same folder, or at that path under one above it',
      at: own.locate('/config'),
    });
  const under = source.value(text).value;
  return { value: { ...(under as object), ...(own.value as object) }, locate: own.locate };
}

/** By `sft.py`, `trl dpo` or the name of the file; SFT where neither says. */
function methodOf({ text, path }: Source): Method {
  const [, script] =
    /\b(?:trl\s+|(?:\w+_)?)(sft|dpo|reward|kto|orpo|cpo|grpo|rloo|ppo|gkd)(?:_\w+)?\.py\b/.exec(text) ?? [];
  const [, command] = /\btrl\s+(\w+)/.exec(text) ?? [];
  const [, named] = /(?:^|[/_-])(sft|dpo|reward|kto|orpo|cpo|grpo|rloo|ppo|gkd)(?=[._-])/.exec(path) ?? [];
  const word = script ?? command ?? named ?? 'sft';
  const method = METHODS.find((one) => one === word);
  if (method !== undefined) return method;
  throw new InputError({
    message: `it starts TRL's ${word}`,
    expected: `one of ${METHODS.join(', ')}: what generates is not modelled`,
    at: { file: path, line: 1 },
  });
}

function fileOf(source: Source, located: Located, launch: Located): ReadFile {
  const tree = treeOf(located, source.path, "TRL's arguments");
  if (!tree.keys('').some((key) => KEYS[''].has(key)))
    throw new InputError({
      message: `${source.path} has none of TRL's arguments`,
      expected: 'such as per_device_train_batch_size',
      at: { file: source.path, line: 1 },
    });
  const method = methodOf(source);
  const start = launched(launch, source);
  const run = trlRun(method, tree, source, start);
  const batch = tree.count('per_device_train_batch_size') ?? 8;
  const { tp, cp, dpReplicate } = run.degrees;
  return {
    runtime: runtimeOf(run),
    gpus: start.gpus,
    asked: (gpus) => askedOf(run, gpus ?? start.gpus),
    violations: (gpus) =>
      broken(
        RULES,
        tree,
        { gpus, split: tp * cp * dpReplicate, batches: [batch, run.deepspeedBatch] },
        (at) => tree.line(at),
      ),
  };
}
