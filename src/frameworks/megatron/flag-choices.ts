/**
 * The values that a flag of Megatron-LM's parser may have, dumped with its names (`flag-names.ts`);
 * `deepepv2` is newer (megatron/core/transformer/transformer_config.py@002526d).
 */
const CHOICES = `
async-strategy nvrx mcore
attention-backend flash fused unfused local auto
batch-invariant-backend te_native deepgemm triton
bert-embedder-type megatron huggingface
ckpt-convert-format torch torch_dist
ckpt-format torch torch_dist torch_dcp fsdp_dtensor
ckpt-fully-parallel-load-exchange-algo broadcast gather_rounds gather_object
ckpt-fully-parallel-load-process-group dp ep_dp
ckpt-fully-parallel-save-process-group dp ep_dp
cross-entropy-fusion-impl native te
cuda-graph-impl none local transformer_engine full_iteration
data-parallel-sharding-strategy no_shard optim optim_grads optim_grads_params
dataloader-type single cyclic external
dist-ckpt-strictness assume_ok_unexpected log_unexpected log_all raise_unexpected raise_all return_unexpected return_all ignore_all
distributed-backend nccl gloo
dsa-kernel-backend none tilelang cudnn
empty-unused-memory-level 0 1 2
error-injection-type correct_result transient_error persistent_error
exp-avg-dtype fp32 fp16 bf16 fp8
exp-avg-sq-dtype fp32 fp16 bf16 fp8
experimental-attention-variant gdn gdn2 dsa gated_delta_net
flash-attention-version 2 3 4
fp4-format e2m1
fp4-recipe nvfp4 custom
fp8-amax-compute-algo most_recent max
fp8-format e4m3 hybrid
fp8-recipe tensorwise delayed mxfp8 blockwise custom
inference-cuda-graph-scope none layer block
inference-dynamic-batching-async-sched-mode legacy async
inference-dynamic-batching-cuda-graph-sizing-distribution exponential linear
inference-dynamic-batching-logprobs-mode raw_logprobs processed_logprobs
inference-dynamic-batching-prefix-caching-coordinator-policy longest_prefix first_prefix_block load_balanced
inference-dynamic-batching-prefix-caching-eviction-policy ref_zero lru
inference-dynamic-batching-sampling-backend torch flashinfer
inference-dynamic-batching-unified-memory-level 0 1
inference-grouped-gemm-backend flashinfer torch vllm
inference-moe-token-dispatcher-type nccl nvls
inprocess-granularity node rank
kitchen-attention-backend sdpa fa
logits-save-dtype fp16 bf16 fp32
lr-decay-style constant linear cosine inverse-square-root WSD
lr-wsd-decay-style exponential linear cosine minus_sqrt
main-grads-dtype fp32 bf16
main-params-dtype fp32 fp16
mamba-inference-conv-states-dtype bf16 fp16 fp32
mamba-inference-ssm-states-dtype bf16 fp16 fp32
mamba-training-ssm-states-dtype fp32 bf16
mask-type random row
megatron-fsdp-grad-comm-dtype fp32 fp16 bf16 auto
megatron-fsdp-main-grads-dtype fp32 bf16 fp16 auto
megatron-fsdp-main-params-dtype fp32 bf16 fp16 auto
megatron-fsdp-version 1 2
moe-combine-bwd-dtype bf16 mxfp8
moe-dispatch-fwd-dtype bf16 mxfp8
moe-flex-dispatcher-backend deepep deepepv2 hybridep ncclep
moe-router-dtype fp32 fp64
moe-router-load-balancing-type aux_loss seq_aux_loss global_aux_loss sinkhorn quantile_balancing none
moe-router-score-function softmax sigmoid sqrtsoftplus
moe-token-dispatcher-type allgather alltoall flex
moe-token-drop-policy probs position
muon-fp32-matmul-prec low medium high
muon-scalar-optimizer adam lion
muon-scale-mode spectral unit_rms_norm shape_scaling
muon-tp-mode blockwise duplicated distributed
no-weight-decay-cond-type apply_wd_to_qk_layernorm
non-persistent-ckpt-type global local in_memory
non-persistent-local-ckpt-algo fully_parallel atomic
normalization LayerNorm RMSNorm
optimizer adam sgd muon dist_muon lion soap adaptive_muon
outer-dp-sharding-strategy no_shard optim
output-logit-dtype bf16 fp32
pipeline-model-parallel-comm-backend nccl ucc
position-embedding-type learned_absolute rope yarn mrope relative none
recompute-granularity full selective
recompute-method uniform block
refit-method nccl gloo nvshmem
rerun-mode disabled validate_results report_stats
rl-consumption-granularity R G B
rl-inference-model-unified-memory-level 0 1
rl-kv-cache-management-mode persist offload recompute
rl-sequence-packing-algo fifo round-robin
rl-submission-granularity R G B
rope-type rope yarn
sharp-enabled-group dp dp_replica
softmax-type vanilla off-by-one learnable
swin-backbone-type tiny base h3
symmetric-ar-type two_shot one_shot multimem_all_reduce
tiktoken-pattern v1 v2
timing-log-level 0 1 2
timing-log-option max minmax all
tokenizer-type BertWordPieceLowerCase BertWordPieceCase GPT2BPETokenizer SentencePieceTokenizer GPTSentencePieceTokenizer HuggingFaceTokenizer Llama2Tokenizer TikTokenizer MultimodalTokenizer NullTokenizer NullMultimodalTokenizer SFTTokenizer
tp-comm-bootstrap-backend nccl mpi gloo
transformer-impl local transformer_engine inference_optimized
vision-backbone-type vit mit swin
vision-pretraining-type classify inpaint dino
weight-decay-incr-style constant linear cosine
`;

export const FLAG_CHOICES: ReadonlyMap<string, readonly string[]> = new Map(
  CHOICES.trim()
    .split('\n')
    .map((line) => {
      const [flag = '', ...values] = line.split(' ');
      return [flag, values];
    }),
);
