import { InputError } from '../../domain/input-error.ts';
import { isKind, type Value } from '../../foreign/python/value.ts';
import { FLAG_NAMES } from '../megatron/flag-names.ts';
import type { Flag } from '../megatron/flags.ts';
import { CONFIGS } from './configs.ts';
import { type Fields, nameOf } from './recipe-calls.ts';

/** Fields of MegatronStrategy, DistributedDataParallelConfig, the data and the optimizer, as Megatron-LM's flags. */
const NAMES: Readonly<Record<string, string>> = {
  'trainer.strategy.tensor_model_parallel_size': 'tensor-model-parallel-size',
  'trainer.strategy.pipeline_model_parallel_size': 'pipeline-model-parallel-size',
  'trainer.strategy.virtual_pipeline_model_parallel_size': 'num-virtual-stages-per-pipeline-rank',
  'trainer.strategy.context_parallel_size': 'context-parallel-size',
  'trainer.strategy.expert_model_parallel_size': 'expert-model-parallel-size',
  'trainer.strategy.expert_tensor_parallel_size': 'expert-tensor-parallel-size',
  'trainer.strategy.sequence_parallel': 'sequence-parallel',
  'trainer.strategy.num_layers_in_first_pipeline_stage': 'decoder-first-pipeline-num-layers',
  'trainer.strategy.num_layers_in_last_pipeline_stage': 'decoder-last-pipeline-num-layers',
  'trainer.strategy.account_for_embedding_in_pipeline_split': 'account-for-embedding-in-pipeline-split',
  'trainer.strategy.account_for_loss_in_pipeline_split': 'account-for-loss-in-pipeline-split',
  'trainer.strategy.pipeline_model_parallel_layout': 'pipeline-model-parallel-layout',
  'trainer.strategy.num_distributed_optimizer_instances': 'num-distributed-optimizer-instances',
  'trainer.strategy.ddp.overlap_grad_reduce': 'overlap-grad-reduce',
  'trainer.strategy.ddp.overlap_param_gather': 'overlap-param-gather',
  'data.seq_length': 'seq-length',
  'data.micro_batch_size': 'micro-batch-size',
  'data.global_batch_size': 'global-batch-size',
  'optim.config.optimizer': 'optimizer',
  'optim.config.use_distributed_optimizer': 'use-distributed-optimizer',
  'optim.config.use_precision_aware_optimizer': 'use-precision-aware-optimizer',
  'optim.config.main_grads_dtype': 'main-grads-dtype',
  'optim.config.main_params_dtype': 'main-params-dtype',
  'optim.config.exp_avg_dtype': 'exp-avg-dtype',
  'optim.config.exp_avg_sq_dtype': 'exp-avg-sq-dtype',
  'optim.config.optimizer_cpu_offload': 'optimizer-cpu-offload',
  'optim.config.optimizer_offload_fraction': 'optimizer-offload-fraction',
  'trainer.plugins.fp8': 'fp8-format',
  'trainer.plugins.fp8_recipe': 'fp8-recipe',
  'trainer.plugins.fp8_param_gather': 'fp8-param-gather',
  'trainer.plugins.fp4': 'fp4-format',
  'trainer.plugins.fp4_recipe': 'fp4-recipe',
};

/** Fields of `model.config` that Megatron-LM's flags call otherwise. */
const MODEL_NAMES: Readonly<Record<string, string>> = {
  num_moe_experts: 'num-experts',
  layernorm_epsilon: 'norm-epsilon',
  hybrid_override_pattern: 'hybrid-override-pattern',
};
/** Said by the data, or of no size. */
const UNREAD = /^(seq_length|params_dtype|activation_func|.*_dtype)$/;
const OF_MODEL = 'model.config.';

/** As messages have it: the field of a flag. */
export function fieldOf(flag: string): string {
  const bare = flag.slice(2);
  const found = Object.entries(NAMES).find(([, name]) => name === bare);
  const renamed = Object.entries(MODEL_NAMES).find(([, name]) => name === bare);
  return found?.[0] ?? `${OF_MODEL}${renamed?.[0] ?? bare.replaceAll('-', '_')}`;
}

/** What the fields are in Megatron-LM's words. `given`: a value from outside for a name that the file asks for. Throws InputError where one cannot be told. */
export function flagsOf(
  fields: Fields,
  file: string,
  given: (name: string) => string | undefined,
): Map<string, Flag> {
  const flags = new Map<string, Flag>();
  const set = (bare: string, values: readonly string[], line: number) =>
    flags.set(`--${bare}`, { name: `--${bare}`, values, line });
  const take = (path: string, bare: string) => {
    // `llm.LlamaModel(config, optim=…)` has its optimizer too.
    const stated = fields.get(path) ?? fields.get(`model.${path}`);
    if (stated === undefined) return;
    const words = wordsOf(stated.value, path, { file, line: stated.line }, given);
    if (words === null) flags.delete(`--${bare}`);
    else set(bare, words, stated.line);
  };
  sizes(fields, set);
  // GPTConfig's own (nemo/collections/llm/gpt/model/base.py@8cfedd7).
  set('cross-entropy-loss-fusion', [], 1);
  for (const path of fields.keys()) {
    const name = path.startsWith(OF_MODEL) ? path.slice(OF_MODEL.length) : '';
    const bare = MODEL_NAMES[name] ?? name.replaceAll('_', '-');
    if (name !== '' && !UNREAD.test(name) && FLAG_NAMES.has(bare)) take(path, bare);
  }
  for (const [path, bare] of Object.entries(NAMES)) take(path, bare);
  const groups = flags.get('--num-query-groups');
  if (groups !== undefined) set('group-query-attention', [], groups.line);
  callbacks(fields, set);
  shapes(fields, set);
  precision(fields, set);
  withdraw(flags);
  return flags;
}

type Set = (bare: string, values: readonly string[], line: number) => void;

/** Sizes of the configuration class; fields of its own go over them. */
function sizes(fields: Fields, set: Set): void {
  const type = fields.get('model.config@');
  const found = typeof type?.value === 'string' ? CONFIGS[type.value] : undefined;
  if (type === undefined || found === undefined) return;
  const { line } = type;
  const [layers, hiddenSize, heads, groups, ffn, more = {}] = found;
  const { headDim, experts, hybrid, plain, tied, latent, biases, sigmoid } = more;
  set('num-layers', [String(layers)], line);
  set('hidden-size', [String(hiddenSize)], line);
  set('num-attention-heads', [String(heads)], line);
  if (groups !== heads) set('num-query-groups', [String(groups)], line);
  set('ffn-hidden-size', [String(ffn)], line);
  if (headDim !== undefined) set('kv-channels', [String(headDim)], line);
  if (plain !== true) set('swiglu', [], line);
  if (tied !== true) set('untie-embeddings-and-output-weights', [], line);
  if (biases !== true) set('disable-bias-linear', [], line);
  if (sigmoid === true) set('moe-router-score-function', ['sigmoid'], line);
  if (latent === true) set('multi-latent-attention', [], line);
  if (hybrid !== undefined) set('hybrid-override-pattern', [hybrid], line);
  if (experts === undefined) return;
  const [count, topK, width] = experts;
  set('num-experts', [String(count)], line);
  set('moe-router-topk', [String(topK)], line);
  set('moe-ffn-hidden-size', [String(width)], line);
}

/** MegatronCommOverlapCallback sends beside the passes what it is not told not to (callbacks/megatron_comm_overlap.py@8cfedd7). */
function callbacks(fields: Fields, set: Set): void {
  for (const [path, { value, line }] of fields) {
    if (!/^trainer\.callbacks\..*@$|^trainer\.callbacks@$/.test(path)) continue;
    const own = (key: string) => fields.get(`${path.slice(0, -1)}.${key}`)?.value;
    if (value === 'MegatronCommOverlapCallback') {
      if (own('tp_comm_overlap') === true) set('tp-comm-overlap', [], line);
      if (own('defer_embedding_wgrad_compute') === true) set('defer-embedding-wgrad-compute', [], line);
      for (const key of ['overlap_grad_reduce', 'overlap_param_gather'])
        if (own(key) !== false) set(key.replaceAll('_', '-'), [], line);
    }
    if (value === 'MegatronTokenDropCallback') {
      set('moe-expert-capacity-factor', [String(own('moe_expert_capacity_factor') ?? 1)], line);
      if (own('moe_pad_expert_input_to_capacity') !== false)
        set('moe-pad-expert-input-to-capacity', [], line);
    }
  }
}

/**
 * What MegatronCommOverlapCallback turns off again, with a warning, and what needs a sharded optimizer and then does nothing
 * (callbacks/megatron_comm_overlap.py@8cfedd7, megatron/core/distributed/param_and_grad_buffer.py).
 */
function withdraw(flags: Map<string, Flag>): void {
  const tp = Number(flags.get('--tensor-model-parallel-size')?.values[0] ?? 1);
  if (tp < 2 || !flags.has('--sequence-parallel')) flags.delete('--tp-comm-overlap');
  if (!flags.has('--use-distributed-optimizer')) flags.delete('--overlap-param-gather');
}

function shapes(fields: Fields, set: Set): void {
  const fsdp = fields.get('trainer.strategy.fsdp');
  if (fsdp?.value === 'megatron') {
    set('use-megatron-fsdp', [], fsdp.line);
    const sharding = fields.get('trainer.strategy.ddp.data_parallel_sharding_strategy')?.value;
    set('data-parallel-sharding-strategy', [String(sharding ?? 'no_shard')], fsdp.line);
  }
  if (fsdp?.value === 'pytorch') set('use-torch-fsdp2', [], fsdp.line);
  const gated = fields.get(`${OF_MODEL}gated_linear_unit`);
  if (gated?.value === true) set('swiglu', [], gated.line);
  const biases = fields.get(`${OF_MODEL}add_bias_linear`);
  if (biases?.value === false) set('disable-bias-linear', [], biases.line);
  const shared = fields.get(`${OF_MODEL}share_embeddings_and_output_weights`);
  if (shared?.value === false) set('untie-embeddings-and-output-weights', [], shared.line);
}

/** The plugin says the type of gradients over the one of `ddp` (plugins/mixed_precision.py@8cfedd7, update_config_with_dtype_overrides). */
function precision(fields: Fields, set: Set): void {
  const plugin = fields.get('trainer.plugins@');
  const stated = fields.get('trainer.plugins.precision');
  const word = String(stated?.value ?? '');
  if (/^bf16(-mixed)?$/.test(word)) set('bf16', [], stated!.line);
  if (/^(fp)?16(-mixed)?$/.test(word)) set('fp16', [], stated!.line);
  const wide =
    plugin === undefined
      ? fields.get('trainer.strategy.ddp.grad_reduce_in_fp32')
      : (fields.get('trainer.plugins.grad_reduce_in_fp32') ?? { value: true, line: plugin.line });
  if (word !== '' && wide?.value !== true) set('grad-reduce-in-bf16', [], wide?.line ?? 1);
}

/** null: it is off, or not said. */
function wordsOf(
  value: Value,
  path: string,
  at: { readonly file: string; readonly line: number },
  given: (name: string) => string | undefined,
): readonly string[] | null {
  if (value === null || value === false) return null;
  if (value === true) return [];
  if (typeof value === 'number' || typeof value === 'string') return [String(value)];
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object' || one === null))
    return value.map(String);
  const outside = given(nameOf(value) ?? '');
  if (outside !== undefined) return [outside];
  // `torch.bfloat16`, a word of an imported class.
  if (isKind(value, 'field') && isKind(value.of, 'named')) {
    const word = TYPES[value.name] ?? (value.of.module === null ? undefined : value.name);
    if (word !== undefined) return [word];
  }
  const text = isKind(value, 'unreadable', 'made') ? value.text : (nameOf(value) ?? 'a mapping');
  throw new InputError({
    message: `${path} is ${text}`,
    expected: 'a value that the file says',
    ...(nameOf(value) === null ? {} : { hint: `Maybe --set ${nameOf(value)}=….` }),
    at,
  });
}

const TYPES: Readonly<Record<string, string>> = {
  bfloat16: 'bf16',
  float16: 'fp16',
  half: 'fp16',
  float32: 'fp32',
};
