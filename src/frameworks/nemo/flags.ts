import type { Flag } from '../megatron/flags.ts';
import type { Tree } from '../reading/tree.ts';

/** Keys under `model` that Megatron-LM's flags have with dashes (nemo/collections/nlp/models/language_modeling/megatron_base_model.py). */
const SAME = [
  ...['tensor_model_parallel_size', 'pipeline_model_parallel_size', 'context_parallel_size'],
  ...['expert_model_parallel_size', 'micro_batch_size', 'global_batch_size', 'num_layers', 'hidden_size'],
  ...['ffn_hidden_size', 'num_attention_heads', 'kv_channels', 'sequence_parallel', 'moe_router_topk'],
  ...['moe_grouped_gemm', 'moe_ffn_hidden_size', 'fp16_lm_cross_entropy'],
];

/** And under other names. */
const CALLED: Readonly<Record<string, string>> = {
  'model.virtual_pipeline_model_parallel_size': 'num-virtual-stages-per-pipeline-rank',
  'model.encoder_seq_length': 'seq-length',
  'model.num_moe_experts': 'num-experts',
  'model.activations_checkpoint_granularity': 'recompute-granularity',
  'model.activations_checkpoint_method': 'recompute-method',
  'model.activations_checkpoint_num_layers': 'recompute-num-layers',
  'model.ub_tp_comm_overlap': 'tp-comm-overlap',
  'model.optim.overlap_grad_sync': 'overlap-grad-reduce',
  'model.optim.overlap_param_sync': 'overlap-param-gather',
};

const SHARDED = ['distributed_fused_adam', 'mcore_distributed_optim'];
const GATED = ['swiglu', 'fast-swiglu'];

/** What a file under NeMo's names is in Megatron-LM's words. */
export function flagsFrom(tree: Tree): Map<string, Flag> {
  const flags = new Map<string, Flag>();
  const set = (name: string, path: string, ...values: string[]) =>
    flags.set(`--${name}`, { name: `--${name}`, values, line: tree.line(path) });
  const carried = {
    ...Object.fromEntries(SAME.map((key) => [`model.${key}`, key.replaceAll('_', '-')])),
    ...CALLED,
  };
  for (const [path, name] of Object.entries(carried)) {
    const value = tree.at(path);
    if (value === undefined || value === null || value === false) continue;
    if (value === true) set(name, path);
    else set(name, path, String(value));
  }
  const groups = tree.at('model.num_query_groups');
  if (typeof groups === 'number') {
    set('group-query-attention', 'model.num_query_groups');
    set('num-query-groups', 'model.num_query_groups', String(groups));
  }
  if (SHARDED.includes(String(tree.at('model.optim.name'))))
    set('use-distributed-optimizer', 'model.optim.name');
  if (GATED.includes(String(tree.at('model.activation')))) set('swiglu', 'model.activation');
  if (tree.at('model.bias') === false) set('disable-bias-linear', 'model.bias');
  if (tree.at('model.share_embeddings_and_output_weights') === false)
    set('untie-embeddings-and-output-weights', 'model.share_embeddings_and_output_weights');
  // Versions before granularity had full recomputation alone.
  if (tree.has('model.activations_checkpoint_method') && !flags.has('--recompute-granularity'))
    set('recompute-granularity', 'model.activations_checkpoint_method', 'full');
  if (
    !flags.has('--recompute-granularity') ||
    flags.get('--recompute-granularity')!.values[0] === 'selective'
  )
    for (const name of ['method', 'num-layers']) flags.delete(`--recompute-${name}`);
  precisionFlags(tree, set);
  return flags;
}

/** Lightning's words: 16, '16-mixed', 'bf16', 'bf16-mixed', 32. */
function precisionFlags(tree: Tree, set: (name: string, path: string, ...values: string[]) => void): void {
  const precision = String(tree.at('trainer.precision') ?? '32');
  if (precision.startsWith('bf16')) set('bf16', 'trainer.precision');
  else if (precision.startsWith('16')) set('fp16', 'trainer.precision');
  if (tree.at('model.fp8') !== true) return;
  set('fp8-format', 'model.fp8', tree.at('model.fp8_e4m3') === true ? 'e4m3' : 'hybrid');
}
