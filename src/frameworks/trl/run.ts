import { InputError } from '../../domain/input-error.ts';
import type { TrainingFlags } from '../../plan-text/training-text.ts';
import { adaptersOf } from '../hf-trainer/adapters.ts';
import { deepspeedEngine } from '../hf-trainer/deepspeed-file.ts';
import { fsdpEngine } from '../hf-trainer/fsdp.ts';
import { optimizerNamed } from '../hf-trainer/optimizers.ts';
import type { TrainerRun } from '../hf-trainer/run.ts';
import type { Source } from '../port/reader.ts';
import type { Tree } from '../reading/tree.ts';
import type { Launched } from './accelerate.ts';

/** Trainers whose step is a forward and a backward pass of what is in the data. */
export const METHODS = ['sft', 'dpo', 'reward', 'kto', 'orpo', 'cpo'] as const;
export type Method = (typeof METHODS)[number];

const PAIRED: readonly Method[] = ['dpo', 'reward', 'orpo', 'cpo'];
/** What PEFT adapts in Llama, Mistral and Qwen where nothing is said (peft 0.21.0, utils/constants.py). */
const USUAL_MODULES = ['q_proj', 'v_proj'];

/** A step as its arguments have it: what is left out is as its configurations say (TRL 1.13.0). */
export function trlRun(
  method: Method,
  tree: Tree,
  source: Source,
  launch: Launched,
): TrainerRun & { readonly deepspeedBatch: number | null } {
  const { engine, batch, recompute } = engineOf(tree, source, launch);
  const pairs = PAIRED.includes(method) ? 2 : 1;
  const length = tree.count('max_length') ?? tree.count('max_seq_length') ?? 1024;
  const perDevice = tree.count('per_device_train_batch_size') ?? 8;
  const peft = methodOf(tree);
  const beside = besideOf(method, tree);
  const at = { file: tree.file, line: tree.line('optim') };
  const named = optimizerNamed(tree.word('optim') ?? 'adamw_torch_fused', 'optim', at);
  const dtype = tree.word('dtype') ?? tree.word('torch_dtype') ?? 'float32';
  const bare = engine.runtime === null && engine.configuration.zero === '0' && peft.training === null;
  const pure = bare && named.text === 'adamw' && dtype === 'bfloat16';
  return {
    deepspeedBatch: batch,
    sequenceLength: length,
    microBatch: pairs * perDevice,
    accumulation: tree.count('gradient_accumulation_steps') ?? 1,
    precision: tree.isTrue('fp16') ? 'fp16' : tree.at('bf16') === false ? 'fp32' : 'bf16',
    recompute: recompute || tree.at('gradient_checkpointing') !== false,
    offloadsActivations: tree.isTrue('activation_offloading'),
    compiled: tree.isTrue('torch_compile'),
    loss: lossOf(method, tree, length * perDevice),
    optimizer: pure ? { ...named, text: 'adamw,master=none' } : named,
    // DeepSpeed casts all of a module to its format.
    training:
      peft.training !== null && dtype === 'float32' && engine.runtime === null
        ? { ...peft.training, train: `${peft.training.train},frozen-weights=fp32` }
        : peft.training,
    degrees: { tp: launch.tp, cp: launch.cp, dpReplicate: launch.dpReplicate },
    engine,
    models: beside.models,
    notes: [
      ...(tree.word('model_name_or_path') === null
        ? []
        : [
            `model_name_or_path ${tree.word('model_name_or_path')}: sizes are those of the model that is given`,
          ]),
      ...peft.notes,
      ...beside.notes,
      ...lengthNotes(tree, pairs, method),
    ],
  };
}

function engineOf(
  tree: Tree,
  source: Source,
  launch: Launched,
): Pick<Launched, 'engine' | 'batch' | 'recompute'> {
  if (tree.has('deepspeed')) {
    const { batch, ...engine } = deepspeedEngine(tree, 'deepspeed', source, {});
    return { engine, batch, recompute: false };
  }
  const words = String(tree.at('fsdp') ?? '')
    .split(/\s+/)
    .filter((one) => one !== '');
  if (words.length === 0) return launch;
  const { recompute, hybrid, ...engine } = fsdpEngine(tree, 'fsdp_config', words);
  if (hybrid) throw refused(tree, 'fsdp', 'full_shard or shard_grad_op: GPUs of a host are not said');
  return { engine, batch: null, recompute };
}

function refused(tree: Tree, key: string, expected: string): InputError {
  return new InputError({
    message: `${key} is ${JSON.stringify(tree.at(key))}`,
    expected,
    at: { file: tree.file, line: tree.line(key) },
  });
}

/** SFT projects 256 tokens at a time unless Liger's kernel or plain logits are asked for (trainer/sft_config.py, sft_trainer.py). */
function lossOf(method: Method, tree: Tree, tokens: number): string | null {
  if (tree.isTrue('use_liger_kernel')) return 'fused-linear';
  if (method !== 'sft' || (tree.word('loss_type') ?? 'chunked_nll') !== 'chunked_nll') return null;
  const chunks = [64, 32, 16, 8, 4, 2].find((one) => tokens / one >= 256);
  return chunks === undefined ? null : `chunked:${chunks}`;
}

function methodOf(tree: Tree): {
  readonly training: TrainingFlags | null;
  readonly notes: readonly string[];
} {
  if (!tree.isTrue('use_peft')) {
    if (tree.isTrue('load_in_4bit') || tree.isTrue('load_in_8bit'))
      throw refused(tree, 'use_peft', 'true: quantised weights are not trained');
    return { training: null, notes: [] };
  }
  const list = (key: string) => {
    const value = tree.at(key);
    return value === undefined || value === null
      ? null
      : Array.isArray(value)
        ? value.map(String)
        : String(value).split(/[\s,]+/);
  };
  const modules = list('lora_target_modules') ?? USUAL_MODULES;
  const { training, notes } = adaptersOf({
    rank: tree.count('lora_r') ?? 16,
    dropout: Number(tree.at('lora_dropout') ?? 0.05),
    modules: modules[0] === 'all-linear' ? [] : modules,
    fourBit: tree.isTrue('load_in_4bit'),
    eightBit: tree.isTrue('load_in_8bit'),
    whole: list('lora_modules_to_save') ?? [],
  });
  return {
    training,
    notes: [
      ...notes,
      ...(tree.isTrue('use_dora') ? ["use_dora: DoRA's magnitudes and their norms are left out"] : []),
    ],
  };
}

/** DPO and KTO have a reference: the model without adapters, or a copy of it (trainer/dpo_trainer.py). */
function besideOf(
  method: Method,
  tree: Tree,
): { readonly models: string | null; readonly notes: readonly string[] } {
  if ((method !== 'dpo' && method !== 'kto') || tree.isTrue('precompute_ref_log_probs'))
    return { models: null, notes: [] };
  return tree.isTrue('use_peft')
    ? { models: null, notes: ['its reference is the model without adapters: its forward pass is not timed'] }
    : { models: 'reference=same:frozen', notes: [] };
}

function lengthNotes(tree: Tree, pairs: number, method: Method): string[] {
  return [
    tree.isTrue('packing')
      ? 'sequences are packed: --packing says how long samples are, otherwise attention is over whole sequences'
      : 'samples are padded to the longest of a batch: estimated at max_length',
    ...(pairs === 1 ? [] : [`${method}: a sample is two sequences, chosen and rejected`]),
  ];
}
