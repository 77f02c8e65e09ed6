import type { Located } from '../port/reader.ts';
import type { Tree } from '../reading/tree.ts';

export const ZERO = 'zero_optimization';

/** Degrees that a file states, and what it is run on. */
export interface Sizes {
  readonly sp: number;
  readonly tp: number;
  readonly stage: number;
  /** Data parallelism of the mesh that the file alone sets up; null: no mesh. */
  readonly mesh: number | null;
  readonly gpus: number | null;
}

/**
 * "auto" is a blank that the Hugging Face Trainer fills in, and that DeepSpeed drops (deepspeed/runtime/config_utils.py,
 * DeepSpeedConfigModel): not said. A plain true for zero_optimization is an old way to say stage 1
 * (deepspeed/runtime/zero/config.py@1b88ac3, read_zero_config_deprecated).
 */
export function plainSettings({ value, locate }: Located): Located {
  return { value: plain(value), locate };
}

function plain(value: unknown): unknown {
  if (value === 'auto') return null;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === ZERO && typeof inner === 'boolean' ? { stage: inner ? 1 : 0 } : plain(inner),
    ]),
  );
}

export function sizesOf(tree: Tree, gpus: number | null): Sizes {
  const stage = tree.at(`${ZERO}.stage`);
  const sp = tree.count('sequence_parallel_size');
  return {
    sp: sp ?? 1,
    tp: sizeOf(tree, 'tensor_parallel.autotp_size') ?? 1,
    stage: typeof stage === 'number' ? stage : 0,
    // deepspeed/__init__.py@0a1fbe1, initialize: with both keys, or with mesh_param from the program.
    mesh: sp === null ? null : tree.count('data_parallel_size'),
    gpus,
  };
}

/** A size that 0 turns off; null: off, or not said. Throws InputError where it is no whole number. */
export function sizeOf(tree: Tree, path: string): number | null {
  return tree.at(path) === 0 || tree.at(path) === false ? null : tree.count(path);
}

/** GPUs that share one set of all states; null: MiCS is off, as at its default of -1 (zero/config.py@1b88ac3). */
export function micsOf(tree: Tree): number | null {
  const path = `${ZERO}.mics_shard_size`;
  return tree.at(path) === -1 ? null : sizeOf(tree, path);
}

/** Sequences of a step, of a micro-batch of one GPU, and micro-batches of a step; null: not said. */
export function batchOf(tree: Tree): [batch: number | null, micro: number | null, steps: number | null] {
  const micro = tree.count('train_micro_batch_size_per_gpu');
  return [tree.count('train_batch_size'), micro, tree.count('gradient_accumulation_steps')];
}

/** bf16 had a longer name (deepspeed/runtime/precision_config.py@0ac4684, BFLOAT16_OLD); null: neither is enabled. */
export function precisionsOf(tree: Tree): ('bf16' | 'fp16')[] {
  const bf16 = tree.has('bf16') ? 'bf16' : 'bfloat16';
  return [
    ...(tree.isTrue(`${bf16}.enabled`) ? ['bf16' as const] : []),
    ...(tree.isTrue('fp16.enabled') ? ['fp16' as const] : []),
  ];
}

/** What else sets a format; "auto" in it is for the Trainer to fill in. */
const SETTING = ['bf16', 'bfloat16', 'fp16', 'torch_autocast'];

/** In fp32 where the file turns neither on (deepspeed/runtime/engine.py@edaa722, communication_data_type, _configure_distributed_model); null: that is left to another. */
export function precisionOf(tree: Tree): 'bf16' | 'fp16' | 'fp32' | null {
  const left = SETTING.some((key) => tree.has(key) && !isOff(tree, key));
  return precisionsOf(tree)[0] ?? (left ? null : 'fp32');
}

function isOff(tree: Tree, key: string): boolean {
  return tree.at(`${key}.enabled`) === false;
}
