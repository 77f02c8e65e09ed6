/** Keys of Primus's own files, which an experiment starts from (primus/configs/{modules,models}/megatron@fd1eeab), as far as they are read. */
export type Keys = Readonly<Record<string, unknown>>;

/** `modules/megatron/*.yaml`, with what they extend. */
const TRAINER = { bf16: true, ckpt_format: 'torch_dist', use_distributed_optimizer: true } as const;
export const TRAINERS: Readonly<Record<string, Keys>> = {
  pre_trainer: { ...TRAINER, micro_batch_size: 2, global_batch_size: 16, seq_length: 1024 },
  sft_trainer: { ...TRAINER, micro_batch_size: 1, global_batch_size: 128, seq_length: 2048 },
  trainer_base: {
    ...{ ...TRAINER, use_distributed_optimizer: false },
    ...{ micro_batch_size: 2, global_batch_size: 128, seq_length: 4096 },
  },
};

/** `models/megatron/language_model.yaml`, which every model extends. */
export const LANGUAGE_MODEL: Keys = {
  add_bias_linear: false,
  moe_token_dispatcher_type: 'allgather',
  sequence_parallel: true,
  swiglu: true,
  untie_embeddings_and_output_weights: true,
};

type Sizes = readonly [layers: number, hidden: number, ffn: number, heads: number, groups?: number];

const dense = ([layers, hidden, ffn, heads, groups]: Sizes, more: Keys = {}): Keys => ({
  ...LANGUAGE_MODEL,
  ...{ num_layers: layers, hidden_size: hidden, ffn_hidden_size: ffn, num_attention_heads: heads },
  ...(groups === undefined ? {} : { group_query_attention: true, num_query_groups: groups }),
  ...more,
});

const experts = (
  sizes: Sizes,
  [count, topK, width]: readonly [experts: number, topK: number, width?: number],
  more: Keys = {},
): Keys =>
  dense(sizes, {
    ...{ num_experts: count, moe_router_topk: topK, moe_token_dispatcher_type: 'alltoall' },
    ...(width === undefined ? {} : { moe_ffn_hidden_size: width }),
    ...more,
  });

const LATENT = { multi_latent_attention: true, kv_lora_rank: 512, kv_channels: 128 } as const;
const LLAMA4 = { moe_router_pre_softmax: true, expert_model_parallel_size: 8 } as const;

/** `models/megatron/*.yaml`, with what they extend. */
export const MODELS: Readonly<Record<string, Keys>> = {
  language_model: LANGUAGE_MODEL,
  llama2_7B: dense([32, 4096, 11008, 32]),
  llama2_13B: dense([40, 5120, 13824, 40]),
  llama2_70B: dense([80, 8192, 28672, 64, 8]),
  llama3_8B: dense([32, 4096, 14336, 32, 8]),
  llama3_70B: dense([80, 8192, 28672, 64, 8]),
  'llama3.1_8B': dense([32, 4096, 14336, 32, 8]),
  'llama3.1_70B': dense([80, 8192, 28672, 64, 8]),
  'llama3.1_405B': dense([126, 16384, 53248, 128, 8]),
  'llama3.2_1B': dense([16, 2048, 8192, 32, 8]),
  'llama3.2_3B': dense([28, 3072, 8192, 24, 8]),
  'llama3.3_70B': dense([80, 8192, 28672, 64, 8]),
  'qwen2.5_3B': dense([36, 2048, 11008, 16, 2]),
  'qwen2.5_7B': dense([28, 3584, 18944, 28, 4]),
  'qwen2.5_14B': dense([48, 5120, 13824, 40, 8]),
  'qwen2.5_32B': dense([64, 5120, 27648, 40, 8]),
  'qwen2.5_72B': dense([80, 8192, 29568, 64, 8]),
  qwen3_4B: dense([36, 2560, 9728, 32, 8]),
  qwen3_8B: dense([36, 4096, 12288, 32, 8]),
  qwen3_14B: dense([40, 5120, 17408, 40, 8]),
  qwen3_32B: dense([64, 5120, 25600, 64, 8]),
  qwen3_30B_A3B: experts([48, 2048, 6144, 32, 4], [128, 8, 768], { kv_channels: 128 }),
  qwen3_235B_A22B: experts([94, 4096, 12288, 64, 4], [128, 8, 1536], { kv_channels: 128 }),
  'mixtral_8x7B_v0.1': experts([32, 4096, 14336, 32, 8], [8, 2]),
  'mixtral_8x22B_v0.1': experts([56, 6144, 16384, 48, 8], [8, 2]),
  deepseek_v2_lite: experts([27, 2048, 10944, 16], [64, 6, 1408], {
    ...{ ...LATENT, expert_model_parallel_size: 8 },
  }),
  deepseek_v2: experts([60, 5120, 12288, 128], [160, 6, 1536], {
    ...{ ...LATENT, q_lora_rank: 1536, expert_model_parallel_size: 8 },
  }),
  deepseek_v3: experts([61, 7168, 18432, 128], [256, 8, 2048], {
    ...{ ...LATENT, q_lora_rank: 1536, mtp_num_layers: 1, expert_model_parallel_size: 8 },
  }),
  kimi_k2: experts([61, 7168, 18432, 64], [384, 8, 2048], { ...LATENT, q_lora_rank: 1536 }),
  glm4_7: experts([90, 5120, 12288, 96, 8], [160, 8, 1536], { kv_channels: 128 }),
  gpt_oss_20B: experts([24, 2880, 10944, 64, 8], [32, 4, 2880], {
    ...{ kv_channels: 64, expert_model_parallel_size: 8 },
  }),
  gpt_oss_120B: experts([36, 2880, 10944, 64, 8], [128, 4, 2880], {
    ...{ kv_channels: 64, expert_model_parallel_size: 8 },
  }),
  glm5: experts([78, 6144, 12288, 64], [256, 8, 2048], {
    ...{ ...LATENT, q_lora_rank: 2048, mtp_num_layers: 1, expert_model_parallel_size: 8 },
  }),
  llama4_17B16E: experts([48, 5120, 16384, 40, 8], [16, 1, 8192], LLAMA4),
  llama4_17B128E: experts([48, 5120, 16384, 40, 8], [128, 1, 8192], LLAMA4),
  grok1: experts([64, 6144, 32768, 48, 8], [8, 2]),
};
