import type { Tree } from '../reading/tree.ts';

/** Names of 2026 and before (openrlhf/cli@3c3be62; @021d1b0), by what they say. */
const NAMES = {
  stage: ['ds.zero_stage', 'zero_stage'],
  batch: ['train.batch_size', 'train_batch_size'],
  micro: ['train.micro_batch_size', 'micro_train_batch_size'],
  length: ['data.max_len', 'max_len'],
  prompt: ['prompt_max_len'],
  response: ['generate_max_len'],
  dynamic: ['train.dynamic_batch_enable', 'use_dynamic_batch'],
  tokens: ['train.max_tokens_per_gpu', 'train_max_tokens_per_gpu'],
  dtype: ['ds.param_dtype', 'param_dtype'],
  bf16: ['bf16'],
  recompute: [
    'actor.gradient_checkpointing_enable',
    'model.gradient_checkpointing_enable',
    'gradient_checkpointing',
  ],
  adamOffload: ['ds.adam_offload', 'adam_offload'],
  overlap: ['ds.overlap_comm', 'overlap_comm'],
  ring: ['ds.ring_attn_size', 'ring_attn_size'],
  tensor: ['ds.tensor_parallel_size', 'ds_tensor_parallel_size'],
  zpg: ['ds.zpg', 'zpg'],
  liger: ['ds.use_liger_kernel', 'use_liger_kernel'],
  packing: ['ds.packing_samples', 'packing_samples'],
  fourBit: ['ds.load_in_4bit', 'load_in_4bit'],
  rank: ['ds.lora.rank', 'lora_rank'],
  dropout: ['ds.lora.dropout', 'lora_dropout'],
  targets: ['ds.lora.target_modules', 'target_modules'],
  optimizer: ['actor.optim', 'optim'],
  model: ['actor.model_name_or_path', 'model.model_name_or_path', 'pretrain'],
  rollouts: ['rollout.batch_size', 'rollout_batch_size'],
  answers: ['rollout.n_samples_per_prompt', 'n_samples_per_prompt'],
  nodes: ['actor.num_nodes', 'actor_num_nodes'],
  perNode: ['actor.num_gpus_per_node', 'actor_num_gpus_per_node'],
  colocateAll: ['train.colocate_all', 'colocate_all_models'],
  colocateReference: ['train.colocate_actor_ref', 'colocate_actor_ref'],
  kl: ['algo.kl.init_coef', 'init_kl_coef'],
  estimator: ['algo.advantage.estimator', 'advantage_estimator'],
  critic: ['critic.model_name_or_path', 'critic_pretrain'],
  reward: ['reward.model_name_or_path', 'reward_pretrain'],
  remote: ['reward.remote_url', 'remote_rm_url'],
  referenceOffload: ['ref.offload', 'ref_offload', 'ref_reward_offload'],
  rewardOffload: ['reward.offload', 'ref_reward_offload'],
  engineSleeps: ['vllm.enable_sleep', 'vllm_enable_sleep'],
  engineShare: ['vllm.gpu_memory_utilization', 'vllm_gpu_memory_utilization'],
  ema: ['train.enable_ema', 'enable_ema'],
} as const;

type Name = keyof typeof NAMES;

/** Typed access under either name; keys have dots of their own. */
export interface Flags {
  readonly file: string;
  /** Names with dots: its defaults are those of 2026. */
  readonly dotted: boolean;
  at(name: Name): unknown;
  on(name: Name): boolean;
  word(name: Name): string | null;
  count(name: Name, usual: number): number;
  line(name: Name): number;
}

export function flagsOf(
  values: Readonly<Record<string, unknown>>,
  tree: Pick<Tree, 'file'>,
  lineOf: (key: string) => number,
): Flags {
  const found = (name: Name) => NAMES[name].find((key) => values[key] !== undefined);
  const at = (name: Name) => {
    const key = found(name);
    return key === undefined ? undefined : values[key];
  };
  return {
    file: tree.file,
    dotted: Object.keys(values).some((key) => /^(?:ds|train|data|ckpt|actor|model)\./.test(key)),
    at,
    on: (name) => at(name) === true,
    word: (name) => (typeof at(name) === 'string' ? (at(name) as string) : null),
    count: (name, usual) => {
      const value = at(name);
      return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : usual;
    },
    line: (name) => lineOf(found(name) ?? ''),
  };
}
