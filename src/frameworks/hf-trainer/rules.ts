import { bad, type FileRule } from '../reading/file-rule.ts';
import { type KeysOf, unknownKey } from '../reading/known-keys.ts';
import { unknownValue, type ValuesOf } from '../reading/known-values.ts';
import type { Tree } from '../reading/tree.ts';

/** What rules ask of a file beside its keys. */
export interface Sizes {
  readonly gpus: number | null;
  /** GPUs that share a sequence or a matrix: their product divides those of the job. */
  readonly split: number;
  /** Sequences of a pass, as the trainer and its DeepSpeed file have it; null: not said. */
  readonly batches: readonly [trainer: number, deepspeed: number | null];
}

/** Degrees that divide the GPUs, one batch, values that it has. */
export function trainerRules(
  batchKey: string,
  values: ValuesOf,
  known: KeysOf,
): readonly FileRule<Tree, Sizes>[] {
  return [
    { rule: 'known-values', at: '', unreadable: true, check: (tree) => unknownValue(tree, values) },
    {
      rule: 'world-size',
      at: '',
      check: (_, { gpus, split }) =>
        gpus === null || gpus % split === 0
          ? null
          : bad(
              `${gpus} GPUs`,
              `a multiple of ${split}: its degrees`,
              'Change a degree, or the number of GPUs.',
            ),
    },
    {
      // transformers 5.18.0, integrations/deepspeed.py: trainer_config_finalize.
      rule: 'deepspeed-batch',
      at: batchKey,
      check: (_, { batches: [trainer, deepspeed] }) =>
        deepspeed === null || deepspeed === trainer
          ? null
          : bad(
              `${batchKey} ${trainer}, train_micro_batch_size_per_gpu ${deepspeed}`,
              'the same in both files, or "auto" in DeepSpeed\'s',
              `Set ${batchKey} to ${deepspeed}.`,
            ),
    },
    {
      rule: 'known-keys',
      at: '',
      check(tree) {
        const odd = unknownKey(tree, known, new Set(['']));
        return odd === null ? null : { ...odd, warning: true };
      },
    },
  ];
}
