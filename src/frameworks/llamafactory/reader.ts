import { InputError } from '../../domain/input-error.ts';
import { TRAINING_ARGUMENTS } from '../hf-trainer/keys.ts';
import { trainerRules } from '../hf-trainer/rules.ts';
import { askedOf, runtimeOf } from '../hf-trainer/run.ts';
import type { LaunchReader } from '../port/reader.ts';
import { broken } from '../reading/file-rule.ts';
import { treeOf } from '../reading/tree.ts';
import { LLAMAFACTORY_KEYS } from './keys.ts';
import { llamafactoryRun } from './run.ts';

/** Its arguments assert these (hparams/finetuning_args.py, model_args.py @ff6d4d1). */
const VALUES = {
  stage: ['pt', 'sft', 'rm', 'ppo', 'dpo', 'kto'],
  finetuning_type: ['lora', 'oft', 'freeze', 'full'],
  pref_loss: ['sigmoid', 'hinge', 'ipo', 'kto_pair', 'orpo', 'simpo'],
  flash_attn: ['auto', 'disabled', 'sdpa', 'fa2', 'fa3'],
  ...Object.fromEntries(
    [
      'bf16',
      'fp16',
      'pure_bf16',
      'disable_gradient_checkpointing',
      'enable_liger_kernel',
      'neat_packing',
    ].map((key) => [key, 'switch'] as const),
  ),
} as const;

const KEYS = { '': new Set([...TRAINING_ARGUMENTS, ...LLAMAFACTORY_KEYS]) };
const RULES = trainerRules('per_device_train_batch_size', VALUES, KEYS);
/** One of them is in every file of training. */
const OWN = ['finetuning_type', 'stage', 'cutoff_len', 'template'];
/** Fields of its second trainer alone (src/llamafactory/v1/config@ff6d4d1), whose files begin as the first's do. */
const SECOND = ['dist_config', 'peft_config', 'micro_batch_size', 'train_dataset', 'model_class', 'model'];

/** The YAML or JSON that `llamafactory-cli train` is given. */
export const llamafactoryReader: LaunchReader = {
  file: 'train.yaml',
  rules: RULES,
  read(source) {
    const tree = treeOf(source.value(), source.path, "LLaMA-Factory's arguments");
    if (!OWN.some((key) => tree.has(key)))
      throw new InputError({
        message: `${source.path} has none of ${OWN.join(', ')}`,
        expected: "LLaMA-Factory's arguments",
        at: { file: source.path, line: 1 },
      });
    const second = tree.has('model_name_or_path') ? undefined : SECOND.find((key) => tree.has(key));
    if (second !== undefined)
      throw new InputError({
        message: `${second} is an argument of LLaMA-Factory's v1 trainer`,
        expected: 'arguments of its v0 trainer, such as model_name_or_path: those of v1 are not read',
        at: { file: source.path, line: tree.line(second) },
      });
    const run = llamafactoryRun(tree, source);
    const batch = tree.count('per_device_train_batch_size') ?? 8;
    return {
      runtime: runtimeOf(run),
      asked: (gpus) => askedOf(run, gpus ?? null),
      violations: (gpus) =>
        broken(RULES, tree, { gpus, split: 1, batches: [batch, run.deepspeedBatch] }, (at) => tree.line(at)),
    };
  },
};
