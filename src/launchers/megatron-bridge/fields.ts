import type { Flag } from '../megatron/flags.ts';

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
  'seq-length': 'dataset.sequence_length',
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

const PRECISION_FLAGS = ['--bf16', '--fp16', '--fp8-format', '--fp8-recipe', '--fp4-format'] as const;
/** Recipes of `mixed_precision`, and the Megatron flags that mean the same. */
const PRECISIONS: readonly (readonly [recipe: string, flags: Readonly<Record<string, string>>])[] = [
  ['bf16_with_nvfp4_mixed', { '--bf16': '', '--fp4-format': 'e2m1' }],
  ['bf16_with_mxfp8_mixed', { '--bf16': '', '--fp8-format': 'e4m3', '--fp8-recipe': 'mxfp8' }],
  ['bf16_with_fp8_delayed_scaling_mixed', { '--bf16': '', '--fp8-format': 'hybrid' }],
  ['bf16_mixed', { '--bf16': '' }],
  ['16-mixed', { '--fp16': '' }],
];

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
  const precision = PRECISIONS.find(([, wanted]) =>
    PRECISION_FLAGS.every(
      (flag) => (flags.get(flag)?.values[0] ?? (flags.has(flag) ? '' : undefined)) === wanted[flag],
    ),
  );
  if (precision !== undefined) lines.push(`mixed_precision=${precision[0]}`);
  return lines;
}

/** Values that a command line of Hydra would take apart stand in quotes of its own. */
function valueText(name: string, values: readonly string[]): string {
  if (values.length === 0) return 'true';
  if (name === '--recompute-modules') return `[${values.join(',')}]`;
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
  'dataset.seq_length': '--seq-length',
  'model.seq_length': '--seq-length',
  'dist.use_megatron_fsdp': '--use-megatron-fsdp',
};
const TO_FLAG = new Map(Object.entries(ELSEWHERE).map(([bare, field]) => [field, `--${bare}`]));
const TO_INVERTED = new Map(Object.entries(INVERTED).map(([bare, field]) => [field, `--${bare}`]));
const TRUE = /^true$/i;
const ABSENT = /^(false|none|null)$/i;

/** The Megatron flags that overrides mean; `line` is that of the override. */
export function flagsFrom(
  overrides: readonly { readonly field: string; readonly value: string; readonly line: number }[],
): Map<string, Flag> {
  const flags = new Map<string, Flag>();
  const set = (name: string, values: readonly string[], line: number) =>
    flags.set(name, { name, values, line });
  for (const { field, value, line } of overrides) {
    const inverted = TO_INVERTED.get(field);
    const name = ALIASES[field] ?? TO_FLAG.get(field) ?? nameOf(field);
    if (inverted !== undefined) {
      if (ABSENT.test(value)) set(inverted, [], line);
    } else if (field === 'mixed_precision') {
      const known = PRECISIONS.find(([recipe]) => recipe === value.replaceAll('-', '_') || recipe === value);
      for (const [flag, word] of Object.entries(known?.[1] ?? {})) set(flag, word === '' ? [] : [word], line);
    } else if (field === 'model.gated_linear_unit') {
      if (TRUE.test(value)) set('--swiglu', [], line);
    } else if (name !== null && !ABSENT.test(value)) {
      const words = value.replaceAll(/^[["']+|[\]"']+$/g, '');
      set(
        name,
        TRUE.test(value) ? [] : name === '--recompute-modules' ? words.split(/\s*,\s*/) : [words],
        line,
      );
      if (name === '--num-query-groups') set('--group-query-attention', [], line);
    }
  }
  return flags;
}

/** Fields of `model` are flags of Megatron-LM; other sections only where they are named above. */
function nameOf(field: string): string | null {
  const [section, name] = field.split('.');
  return section === 'model' && name !== undefined && name !== 'activation_func'
    ? `--${name.replaceAll('_', '-')}`
    : null;
}
