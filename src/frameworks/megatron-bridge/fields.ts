import type { Flag } from '../megatron/flags.ts';
import { flagsOfRecipe, PRECISION_FLAGS, recipeFor } from './mixed-precision.ts';

/**
 * Where a Megatron-LM flag stands in Megatron-Bridge's ConfigContainer (its scripts/translate_mlm_to_bridge.py, commit
 * 158aa4e); a flag that is not named here is `model.` and its name with underscores, as most are.
 */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'num-experts': 'model.num_moe_experts',
  'num-virtual-stages-per-pipeline-rank': 'model.virtual_pipeline_model_parallel_size',
  'norm-epsilon': 'model.layernorm_epsilon',
  'micro-batch-size': 'train.micro_batch_size',
  'global-batch-size': 'train.global_batch_size',
  'train-iters': 'train.train_iters',
  'seq-length': 'dataset.seq_length',
  'vocab-size': 'tokenizer.vocab_size',
  'tokenizer-type': 'tokenizer.tokenizer_type',
  'ckpt-format': 'checkpoint.ckpt_format',
  'use-distributed-optimizer': 'ddp.use_distributed_optimizer',
  'overlap-grad-reduce': 'ddp.overlap_grad_reduce',
  'overlap-param-gather': 'ddp.overlap_param_gather',
  'num-distributed-optimizer-instances': 'ddp.num_distributed_optimizer_instances',
  'data-parallel-sharding-strategy': 'ddp.data_parallel_sharding_strategy',
  'use-megatron-fsdp': 'ddp.use_megatron_fsdp',
  'tp-comm-overlap': 'comm_overlap.tp_comm_overlap',
};

/** Flags that stand for the opposite of a field. */
const INVERTED: Readonly<Record<string, string>> = {
  'disable-bias-linear': 'model.add_bias_linear',
  'untie-embeddings-and-output-weights': 'model.share_embeddings_and_output_weights',
};

/** On in its model providers, off in Megatron-LM (src/megatron/bridge/models/gpt_provider.py, commit 067f987): said either way. */
const FUSED_LOSS = '--cross-entropy-loss-fusion';

/** Flags of several words. */
const LISTS: ReadonlySet<string> = new Set(['--recompute-modules', '--hierarchical-context-parallel-sizes']);

/** Bridge says by other fields what these say. */
const IMPLIED: ReadonlySet<string> = new Set(['--group-query-attention', ...PRECISION_FLAGS]);

/** `model.tensor_model_parallel_size=8` …, from the words of a Megatron command line. */
export function overridesFrom(flags: ReadonlyMap<string, Flag>): string[] {
  const lines: string[] = [];
  for (const { name, values } of flags.values()) {
    const bare = name.slice(2);
    if (IMPLIED.has(name)) continue;
    if (name === '--swiglu') lines.push('model.gated_linear_unit=true', 'model.activation_func=silu');
    else if (INVERTED[bare] !== undefined) lines.push(`${fieldOf(bare)}=false`);
    else lines.push(`${fieldOf(bare)}=${valueText(name, values)}`);
    if (name === '--seq-length') lines.push(`model.seq_length=${values[0]}`);
    if (name === '--use-megatron-fsdp')
      lines.push('dist.use_megatron_fsdp=true', 'ddp.average_in_collective=false');
  }
  if (!flags.has(FUSED_LOSS)) lines.push(`${fieldOf(FUSED_LOSS.slice(2))}=false`);
  const recipe = recipeFor(flags);
  return recipe === null ? lines : [...lines, `mixed_precision=${recipe}`];
}

/** Values that a command line of Hydra would take apart stand in quotes of its own. */
function valueText(name: string, values: readonly string[]): string {
  if (values.length === 0) return 'true';
  if (LISTS.has(name)) return `[${values.join(',')}]`;
  if (name === '--moe-layer-freq') return `[${pattern(values[0]!)}]`;
  return /[|,*()]/.test(values[0]!) ? `"${values[0]}"` : values[0]!;
}

/** `([0]*3+[1]*58)`, which only Megatron-LM's own parser works out, as the list it means. */
function pattern(text: string): string {
  return [...text.matchAll(/\[(\d)\]\*(\d+)/g)]
    .flatMap(([, value, count]) => new Array<string>(Number(count)).fill(value!))
    .join(',');
}

/** The field of a flag without its dashes. */
export function fieldOf(bare: string): string {
  return ELSEWHERE[bare] ?? INVERTED[bare] ?? `model.${bare.replaceAll('-', '_')}`;
}

/** Fields of older or newer versions that mean the same. */
const ALIASES: Readonly<Record<string, string>> = {
  'dataset.sequence_length': '--seq-length',
  'model.seq_length': '--seq-length',
  'dist.use_megatron_fsdp': '--use-megatron-fsdp',
  'model.fp8': '--fp8-format',
  'model.fp4': '--fp4-format',
  'optimizer.optimizer': '--optimizer',
  'optimizer.sgd_momentum': '--sgd-momentum',
  'optimizer.use_precision_aware_optimizer': '--use-precision-aware-optimizer',
  'optimizer.main_grads_dtype': '--main-grads-dtype',
  'optimizer.main_params_dtype': '--main-params-dtype',
  'optimizer.exp_avg_dtype': '--exp-avg-dtype',
  'optimizer.exp_avg_sq_dtype': '--exp-avg-sq-dtype',
  'optimizer.muon_tp_mode': '--muon-tp-mode',
  'optimizer.muon_num_ns_steps': '--muon-num-ns-steps',
  'optimizer.muon_scalar_optimizer': '--muon-scalar-optimizer',
  'mixed_precision.bf16': '--bf16',
  'mixed_precision.fp16': '--fp16',
  'mixed_precision.fp8': '--fp8-format',
  'mixed_precision.fp8_recipe': '--fp8-recipe',
  'mixed_precision.fp4': '--fp4-format',
  'mixed_precision.fp4_recipe': '--fp4-recipe',
};
const TO_FLAG = new Map(Object.entries(ELSEWHERE).map(([bare, field]) => [field, `--${bare}`]));
const TO_INVERTED = new Map(Object.entries(INVERTED).map(([bare, field]) => [field, `--${bare}`]));
const TRUE = /^true$/i;
const ABSENT = /^(false|none|null)$/i;

/**
 * The Megatron flags that overrides of `file` mean; `line` is that of the override. Throws InputError where a recipe of
 * `mixed_precision` is none of Bridge's.
 */
export function flagsFrom(
  overrides: readonly { readonly field: string; readonly value: string; readonly line: number }[],
  file = 'overrides.txt',
): Map<string, Flag> {
  const flags = new Map<string, Flag>();
  const set = (name: string, values: readonly string[], line: number) =>
    flags.set(name, { name, values, line });
  if (overrides.every(({ field }) => field !== fieldOf(FUSED_LOSS.slice(2)))) set(FUSED_LOSS, [], 1);
  for (const { field, value, line } of overrides) {
    const inverted = TO_INVERTED.get(field);
    const name = ALIASES[field] ?? TO_FLAG.get(field) ?? nameOf(field);
    if (inverted !== undefined) {
      if (ABSENT.test(value)) set(inverted, [], line);
    } else if (/^(ddp|mixed_precision)\.grad_reduce_in_fp32$/.test(field)) {
      if (ABSENT.test(value)) set('--grad-reduce-in-bf16', [], line);
    } else if (field === 'mixed_precision') {
      const found = unquoted(value);
      for (const [flag, word] of flagsOfRecipe(found, { file, line })) set(flag, word, line);
    } else if (field === 'model.gated_linear_unit') {
      if (TRUE.test(value)) set('--swiglu', [], line);
    } else if (name !== null && !ABSENT.test(value)) {
      const words = formatOf(unquoted(value));
      set(name, TRUE.test(value) ? [] : LISTS.has(name) ? words.split(/\s*,\s*/) : [words], line);
      if (name === '--num-query-groups') set('--group-query-attention', [], line);
      // The default of MixedPrecisionConfig, not that of Megatron-LM's parser.
      if (field === 'mixed_precision.fp8' && !flags.has('--fp8-recipe'))
        set('--fp8-recipe', ['tensorwise'], line);
    }
  }
  return flags;
}

const unquoted = (value: string) => value.replaceAll(/^[["']+|[\]"']+$/g, '');

/** Types of states, which are torch's here, as the command line has them; other words as they are. */
function formatOf(word: string): string {
  return TORCH_TYPES[word.replace(/^torch\./, '')] ?? word;
}

const TORCH_TYPES: Readonly<Record<string, string>> = {
  float32: 'fp32',
  float16: 'fp16',
  bfloat16: 'bf16',
  uint8: 'fp8',
};

/** Fields of `model` are flags of Megatron-LM; other sections only where they are named above. */
function nameOf(field: string): string | null {
  const [section, name] = field.split('.');
  return section === 'model' && name !== undefined && name !== 'activation_func'
    ? `--${name.replaceAll('_', '-')}`
    : null;
}
