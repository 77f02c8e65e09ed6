import { InputError } from '../../domain/input-error.ts';
import type { TrainingFlags } from '../../plan-text/training-text.ts';
import { adaptersOf } from '../hf-trainer/adapters.ts';
import { deepspeedEngine } from '../hf-trainer/deepspeed-file.ts';
import { fsdpEngine, PLAIN } from '../hf-trainer/fsdp.ts';
import { optimizerNamed } from '../hf-trainer/optimizers.ts';
import type { Engine, Optimizer, TrainerRun } from '../hf-trainer/run.ts';
import type { Source } from '../port/reader.ts';
import type { Tree } from '../reading/tree.ts';
import { BUNDLED } from './bundled.ts';

/** Optimizers of its own, whose states are not modelled, and methods whose weights are not. */
const UNMODELLED = [
  'use_galore',
  'use_apollo',
  'use_badam',
  'use_llama_pro',
  'use_mca',
  'shift_attn',
  'mixture_of_depths',
];

/** What changes the memory or time of a run and is estimated without, by its key. */
const WITHOUT: Readonly<Record<string, string>> = {
  use_unsloth: 'its kernels are not timed',
  use_dora: "DoRA's magnitudes and their norms are left out",
  upcast_layernorm: 'norms are estimated in the precision of the run',
  upcast_lmhead_output: 'the stack has logits in fp32 already',
};

/** A step of training as its arguments have it: what is left out is as its classes say (src/llamafactory/hparams@ff6d4d1). */
export function llamafactoryRun(
  tree: Tree,
  source: Source,
): TrainerRun & { readonly deepspeedBatch: number | null } {
  refuseUnmodelled(tree);
  const pairs = pairsOf(tree);
  const { engine, batch, recompute } = engineOf(tree, source);
  const method = methodOf(tree);
  const beside = besideOf(tree);
  const pureBf16 = tree.isTrue('pure_bf16');
  const optimizer = optimizerOf(tree, pureBf16 && engine.runtime === null);
  return {
    deepspeedBatch: batch,
    // hparams/data_args.py: one less where packed, for its own padding.
    sequenceLength: tree.count('cutoff_len') ?? 2048,
    microBatch: pairs * (tree.count('per_device_train_batch_size') ?? 8),
    accumulation: tree.count('gradient_accumulation_steps') ?? 1,
    precision: precisionOf(tree),
    recompute: recompute || !tree.isTrue('disable_gradient_checkpointing'),
    offloadsActivations: tree.isTrue('use_unsloth_gc'),
    compiled: tree.isTrue('torch_compile'),
    loss: tree.isTrue('enable_liger_kernel') || tree.isTrue('use_liger_kernel') ? 'fused-linear' : null,
    optimizer,
    training: method.training,
    degrees: { tp: 1, cp: 1, dpReplicate: 1 },
    engine,
    models: beside.models,
    notes: [
      ...modelNotes(tree),
      ...method.notes,
      ...beside.notes,
      ...lengthNotes(tree, pairs),
      ...withoutNotes(tree),
    ],
  };
}

function refuseUnmodelled(tree: Tree): void {
  const stage = tree.word('stage') ?? 'sft';
  const odd = UNMODELLED.find((key) => tree.has(key) && tree.at(key) !== false);
  if (odd !== undefined) throw refused(tree, odd, 'false: what it changes is not modelled');
  if (stage === 'ppo')
    throw refused(
      tree,
      'stage',
      'pt, sft, rm, dpo or kto',
      'Maybe --models reference=…,reward=… with a plan of its own.',
    );
}

function refused(tree: Tree, key: string, expected: string, hint?: string): InputError {
  return new InputError({
    message: `${key} is ${JSON.stringify(tree.at(key))}`,
    expected,
    ...(hint === undefined ? {} : { hint }),
    at: { file: tree.file, line: tree.line(key) },
  });
}

/** Reward models and DPO compare two answers to each prompt, both in one pass (data/collator.py, PairwiseDataCollator). */
function pairsOf(tree: Tree): number {
  return ['rm', 'dpo'].includes(tree.word('stage') ?? 'sft') ? 2 : 1;
}

/** bf16, fp16 or neither, as TrainingArguments; fp8 on top of them through accelerate. */
function precisionOf(tree: Tree): string {
  if (tree.isTrue('fp8')) return 'fp8';
  if (tree.isTrue('bf16') || tree.isTrue('pure_bf16')) return 'bf16';
  return tree.isTrue('fp16') ? 'fp16' : 'fp32';
}

function engineOf(tree: Tree, source: Source): { engine: Engine; batch: number | null; recompute: boolean } {
  if (tree.has('deepspeed')) {
    const { batch, ...engine } = deepspeedEngine(tree, 'deepspeed', source, BUNDLED);
    return { engine, batch, recompute: false };
  }
  const words = String(tree.at('fsdp') ?? '')
    .split(/[\s,[\]'"]+/)
    .filter((one) => one !== '');
  if (words.length === 0) return { engine: PLAIN, batch: null, recompute: false };
  const { recompute, hybrid, ...engine } = fsdpEngine(tree, 'fsdp_config', words);
  if (hybrid) throw refused(tree, 'fsdp', 'full_shard or shard_grad_op: GPUs of a host are not said');
  return { engine, batch: null, recompute };
}

function optimizerOf(tree: Tree, bare: boolean): Optimizer {
  if (tree.isTrue('use_muon')) return { text: 'muon', paged: false, notes: [] };
  if (tree.isTrue('use_adam_mini'))
    return {
      text: 'adamw',
      paged: false,
      notes: ['use_adam_mini: estimated as adamw, which has a whole second moment'],
    };
  const at = { file: tree.file, line: tree.line('optim') };
  const named = optimizerNamed(tree.word('optim') ?? 'adamw_torch', 'optim', at);
  return bare && named.text === 'adamw' ? { ...named, text: 'adamw,master=none' } : named;
}

interface Method {
  readonly training: TrainingFlags | null;
  readonly notes: readonly string[];
}

function methodOf(tree: Tree): Method {
  const kind = tree.word('finetuning_type') ?? 'lora';
  const bits = tree.at('quantization_bit') ?? null;
  const frozen =
    tree.at('freeze_vision_tower') === false
      ? []
      : [
          'towers of a multimodal model are frozen by LLaMA-Factory: --train decoder=full,vision=frozen says so',
        ];
  if (kind === 'full') return { training: null, notes: frozen };
  if (kind === 'freeze' || kind === 'oft')
    throw refused(
      tree,
      'finetuning_type',
      'full or lora',
      'Maybe --train with first-layers=N, as docs/commands.md has it.',
    );
  const rank = tree.count('lora_rank') ?? 8;
  const target = tree.at('lora_target') ?? 'all';
  const { training, notes } = adaptersOf({
    rank,
    dropout: Number(tree.at('lora_dropout') ?? 0),
    modules: target === 'all' ? [] : listed(target),
    fourBit: bits === 4 || bits === '4',
    whole: listed(tree.at('additional_target') ?? []),
  });
  return { training, notes: [...notes, ...bitsNotes(tree, bits)] };
}

/** Words with commas between them, or a list. */
function listed(value: unknown): string[] {
  const all = Array.isArray(value) ? value.map(String) : String(value).split(',');
  return all.map((one) => one.trim()).filter((one) => one !== '');
}

function bitsNotes(tree: Tree, bits: unknown): string[] {
  if (bits === null || bits === 4 || bits === '4')
    return tree.at('double_quantization') === false && bits !== null
      ? ['double_quantization false: estimated with, 0.4 bits a parameter less']
      : [];
  return [`quantization_bit ${bits}: frozen weights are estimated in 16 bits, which need more`];
}

/** A reference beside DPO and KTO: the model itself, unless adapters can be turned off or another is named (train/trainer_utils.py, create_ref_model). */
function besideOf(tree: Tree): { readonly models: string | null; readonly notes: readonly string[] } {
  const stage = tree.word('stage') ?? 'sft';
  const free = ['orpo', 'simpo'].includes(tree.word('pref_loss') ?? 'sigmoid');
  if (stage !== 'kto' && (stage !== 'dpo' || free)) return { models: null, notes: [] };
  const named = tree.word('ref_model');
  if (named === null && (tree.word('finetuning_type') ?? 'lora') === 'lora')
    return {
      models: null,
      notes: ['its reference is the model without adapters: its forward pass is not timed'],
    };
  return {
    models: 'reference=same:frozen',
    notes: named === null ? [] : [`ref_model ${named}: estimated as a model of the same sizes`],
  };
}

function modelNotes(tree: Tree): string[] {
  const name = tree.word('model_name_or_path');
  return name === null ? [] : [`model_name_or_path ${name}: sizes are those of the model that is given`];
}

function lengthNotes(tree: Tree, pairs: number): string[] {
  const stage = tree.word('stage') ?? 'sft';
  const packs = tree.isTrue('neat_packing') || (tree.at('packing') ?? stage === 'pt') === true;
  return [
    packs
      ? 'sequences are packed: --packing says how long samples are, otherwise attention is over whole sequences'
      : 'samples are padded to the longest of a batch: estimated at cutoff_len',
    ...(pairs === 1 ? [] : [`stage ${stage}: a sample is two sequences, chosen and rejected`]),
  ];
}

function withoutNotes(tree: Tree): string[] {
  const keys = Object.entries(WITHOUT).filter(([key]) => tree.isTrue(key));
  const eager = tree.word('flash_attn') === 'disabled';
  return [
    ...keys.map(([key, why]) => `${key}: ${why}`),
    ...(eager ? ['flash_attn disabled: estimated with a fused kernel, which needs less memory'] : []),
  ];
}
