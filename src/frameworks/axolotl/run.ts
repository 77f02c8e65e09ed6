import { InputError } from '../../domain/input-error.ts';
import type { TrainingFlags } from '../../plan-text/training-text.ts';
import { adaptersOf } from '../hf-trainer/adapters.ts';
import { deepspeedEngine } from '../hf-trainer/deepspeed-file.ts';
import { fsdpEngine, PLAIN } from '../hf-trainer/fsdp.ts';
import { optimizerNamed } from '../hf-trainer/optimizers.ts';
import type { Engine, TrainerRun } from '../hf-trainer/run.ts';
import type { Source } from '../port/reader.ts';
import type { Tree } from '../reading/tree.ts';
import { BUNDLED } from './bundled.ts';

/** What changes which weights are held or trained, and is not modelled. */
const UNMODELLED = [
  'unfrozen_parameters',
  'relora',
  'relora_steps',
  'layer_offloading',
  'gptq',
  'lisa_n_layers',
  'peft_layer_replication',
  'expert_parallel_size',
  'qat',
];

/** Estimated without, by key. */
const WITHOUT: Readonly<Record<string, string>> = {
  peft_use_dora: "DoRA's magnitudes and their norms are left out",
  lora_mlp_kernel: 'fused kernels of adapters are not timed',
  lora_qkv_kernel: 'fused kernels of adapters are not timed',
  lora_o_kernel: 'fused kernels of adapters are not timed',
  unsloth_lora_mlp: 'fused kernels of adapters are not timed',
  eager_attention: 'estimated with a fused kernel, which needs less memory',
};

/** A step of training as the YAML has it: what is left out is as its schemas say (src/axolotl/utils/schemas@067b021). */
export function axolotlRun(
  tree: Tree,
  source: Source,
): TrainerRun & { readonly deepspeedBatch: number | null } {
  const odd = UNMODELLED.find((key) => tree.has(key) && tree.at(key) !== false && tree.at(key) !== 1);
  if (odd !== undefined) throw refused(tree, odd, 'left out: what it changes is not modelled');
  const pairs = pairsOf(tree);
  const tp = tree.count('tensor_parallel_size') ?? 1;
  const cp = tree.count('context_parallel_size') ?? tree.count('sequence_parallel_degree') ?? 1;
  const { engine, batch, recompute } = engineOf(tree, source);
  const method = methodOf(tree);
  const beside = besideOf(tree);
  const checkpointing = tree.at('gradient_checkpointing') ?? false;
  const offloads = tree.at('activation_offloading') ?? false;
  return {
    deepspeedBatch: batch,
    sequenceLength: tree.count('sequence_len') ?? 512,
    microBatch: pairs * microBatchOf(tree),
    accumulation: tree.count('gradient_accumulation_steps') ?? 1,
    precision: precisionOf(tree),
    recompute: recompute || checkpointing !== false,
    offloadsActivations: typeof checkpointing === 'string' || offloads !== false,
    compiled: tree.isTrue('torch_compile') || tree.word('torch_compile') === 'auto',
    loss: lossOf(tree),
    optimizer: optimizerOf(tree, engine, method.training),
    training: method.training,
    degrees: { tp, cp, dpReplicate: tree.count('dp_replicate_size') ?? 1 },
    engine,
    models: beside.models,
    notes: [
      ...(tree.word('base_model') === null
        ? []
        : [`base_model ${tree.word('base_model')}: sizes are those of the model that is given`]),
      ...method.notes,
      ...beside.notes,
      ...lengthNotes(tree, pairs),
      ...Object.entries(WITHOUT).flatMap(([key, why]) => (tree.isTrue(key) ? [`${key}: ${why}`] : [])),
    ],
  };
}

function refused(tree: Tree, key: string, expected: string): InputError {
  return new InputError({
    message: `${key} is ${JSON.stringify(tree.at(key))}`,
    expected,
    at: { file: tree.file, line: tree.line(key) },
  });
}

/** `batch_size` is micro_batch_size · gradient_accumulation_steps (utils/config/__init__.py, normalize_config). */
function microBatchOf(tree: Tree): number {
  const stated = tree.count('micro_batch_size');
  const whole = tree.count('batch_size');
  const steps = tree.count('gradient_accumulation_steps');
  if (stated !== null || whole === null) return stated ?? 1;
  const micro = whole / (steps ?? 1);
  if (!Number.isInteger(micro))
    throw refused(tree, 'batch_size', `a multiple of gradient_accumulation_steps ${steps}`);
  return micro;
}

function pairsOf(tree: Tree): number {
  const kind = tree.word('rl');
  if (kind === 'grpo' || kind === 'gdpo' || kind === 'ebft')
    throw refused(tree, 'rl', 'dpo, ipo, orpo, kto or simpo: generation is not modelled');
  return (kind !== null && kind !== 'kto') || tree.isTrue('reward_model') ? 2 : 1;
}

/** `auto` is bf16 where the GPU has it. */
function precisionOf(tree: Tree): string {
  if (tree.isTrue('fp8')) return 'fp8';
  const bf16 = tree.at('bf16') ?? (tree.isTrue('fp16') || tree.isTrue('float16') ? false : 'auto');
  if (bf16 !== false || tree.isTrue('bfloat16')) return 'bf16';
  return tree.isTrue('fp16') || tree.isTrue('float16') ? 'fp16' : 'fp32';
}

function engineOf(tree: Tree, source: Source): { engine: Engine; batch: number | null; recompute: boolean } {
  if (tree.has('deepspeed')) {
    const { batch, ...engine } = deepspeedEngine(tree, 'deepspeed', source, BUNDLED);
    return { engine, batch, recompute: false };
  }
  const list = tree.at('fsdp');
  const words = Array.isArray(list) ? list.map(String) : [];
  if (words.length === 0 && !tree.has('fsdp_config')) return { engine: PLAIN, batch: null, recompute: false };
  const { recompute, hybrid, ...engine } = fsdpEngine(
    tree,
    'fsdp_config',
    words,
    String(tree.at('fsdp_version') ?? ''),
  );
  if (hybrid)
    throw refused(
      tree,
      'fsdp_config',
      'FULL_SHARD, or FSDP 2 with dp_replicate_size: GPUs of a host are not said',
    );
  return { engine, batch: null, recompute };
}

/** Weights are loaded in the precision of the run: without DeepSpeed and FSDP, which have fp32 masters, moments are too. */
function optimizerOf(tree: Tree, engine: Engine, training: TrainingFlags | null) {
  const at = { file: tree.file, line: tree.line('optimizer') };
  const named = optimizerNamed(tree.word('optimizer') ?? 'adamw_torch_fused', 'optimizer', at);
  const bare = engine.runtime === null && engine.configuration.zero === '0' && training === null;
  if (!bare || named.text !== 'adamw' || precisionOf(tree) !== 'bf16') return named;
  return {
    ...named,
    text: 'adamw,master=none',
    notes: [...named.notes, 'weights are loaded in bf16: so are gradients and moments, without a master'],
  };
}

function lossOf(tree: Tree): string | null {
  if (tree.isTrue('liger_fused_linear_cross_entropy') || tree.isTrue('unsloth_cross_entropy_loss'))
    return 'fused-linear';
  const plugins = tree.at('plugins');
  const cut = Array.isArray(plugins) && plugins.some((one) => String(one).includes('cut_cross_entropy'));
  if (cut && tree.at('cut_cross_entropy') !== false) return 'cut';
  if (!tree.isTrue('chunked_cross_entropy')) return null;
  return `chunked:${tree.count('chunked_cross_entropy_num_chunks') ?? 8}`;
}

function methodOf(tree: Tree): {
  readonly training: TrainingFlags | null;
  readonly notes: readonly string[];
} {
  const adapter = tree.word('adapter');
  if (adapter === null) return { training: null, notes: [] };
  if (adapter !== 'lora' && adapter !== 'qlora') throw refused(tree, 'adapter', 'lora or qlora');
  const modules = tree.at('lora_target_modules');
  const all = tree.isTrue('lora_target_linear') || typeof modules === 'string';
  return adaptersOf({
    // PEFT's own rank (LoraConfig.r), where it is left out.
    rank: tree.count('lora_r') ?? 8,
    dropout: Number(tree.at('lora_dropout') ?? 0),
    modules: all || !Array.isArray(modules) ? [] : modules.map(String),
    eightBit: tree.isTrue('load_in_8bit'),
    fourBit: tree.isTrue('load_in_4bit') || (adapter === 'qlora' && !tree.isTrue('load_in_8bit')),
    whole: (Array.isArray(tree.at('lora_modules_to_save'))
      ? (tree.at('lora_modules_to_save') as unknown[])
      : []
    ).map(String),
  });
}

/** DPO, IPO and KTO have a reference: the model without adapters, or a copy of it (core/builders/rl.py). */
function besideOf(tree: Tree): { readonly models: string | null; readonly notes: readonly string[] } {
  if (!['dpo', 'ipo', 'kto'].includes(tree.word('rl') ?? '')) return { models: null, notes: [] };
  return tree.word('adapter') !== null
    ? { models: null, notes: ['its reference is the model without adapters: its forward pass is not timed'] }
    : { models: 'reference=same:frozen', notes: [] };
}

function lengthNotes(tree: Tree, pairs: number): string[] {
  return [
    tree.isTrue('sample_packing')
      ? 'sequences are packed: --packing says how long samples are, otherwise attention is over whole sequences'
      : 'samples are padded to the longest of a batch: estimated at sequence_len',
    ...(pairs === 1 ? [] : ['a sample is two sequences, chosen and rejected']),
  ];
}
