import { InputError } from '../../domain/input-error.ts';
import { trainerRules } from '../hf-trainer/rules.ts';
import { askedOf, runtimeOf } from '../hf-trainer/run.ts';
import type { LaunchReader } from '../port/reader.ts';
import { broken } from '../reading/file-rule.ts';
import { treeOf } from '../reading/tree.ts';
import { AXOLOTL_KEYS } from './keys.ts';
import { axolotlRun } from './run.ts';

/** src/axolotl/utils/schemas/config.py and enums.py @067b021. */
const VALUES = {
  rl: ['dpo', 'gdpo', 'grpo', 'ipo', 'orpo', 'kto', 'simpo', 'ebft'],
  bf16: ['auto', 'full', true, false],
  gradient_checkpointing: ['offload', 'offload_disk', 'unsloth', true, false],
  ...Object.fromEntries(
    ['fp16', 'fp8', 'load_in_4bit', 'load_in_8bit', 'sample_packing', 'lora_target_linear'].map(
      (key) => [key, 'switch'] as const,
    ),
  ),
} as const;

const RULES = trainerRules('micro_batch_size', VALUES, { '': AXOLOTL_KEYS });

/** The YAML that `axolotl train` is given. */
export const axolotlReader: LaunchReader = {
  file: 'axolotl.yaml',
  rules: RULES,
  read(source) {
    const tree = treeOf(source.value(), source.path, "Axolotl's configuration");
    if (!tree.has('base_model') && !tree.has('sequence_len'))
      throw new InputError({
        message: `${source.path} has no base_model`,
        expected: "Axolotl's configuration",
        at: { file: source.path, line: 1 },
      });
    const run = axolotlRun(tree, source);
    const { tp, cp, dpReplicate } = run.degrees;
    const shard = tree.count('dp_shard_size') ?? 1;
    return {
      runtime: runtimeOf(run),
      asked: (gpus) => askedOf(run, gpus ?? null),
      violations: (gpus) =>
        broken(
          RULES,
          tree,
          {
            gpus,
            split: tp * cp * dpReplicate * shard,
            batches: [tree.count('micro_batch_size') ?? 1, run.deepspeedBatch],
          },
          (at) => tree.line(at),
        ),
    };
  },
};
