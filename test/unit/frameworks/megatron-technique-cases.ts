import {
  dense,
  FSDP,
  FULL,
  moe,
  OVERLAP,
  one,
  PER_VIRTUAL,
  type RuleCase,
  SELECTIVE,
  torchrun,
  VIRTUAL,
  ZERO,
} from './megatron-arguments.ts';

/** Recomputation, precision, sharding, experts, and what the parser itself takes. */
export const TECHNIQUE_CASES: readonly RuleCase[] = [
  [
    'precision-aware-optimizer',
    dense({ 'exp-avg-dtype': 'bf16' }),
    dense({ ...ZERO, 'use-precision-aware-optimizer': '', 'exp-avg-dtype': 'bf16' }),
  ],
  [
    'precision-aware-optimizer',
    dense({ ...ZERO, 'use-precision-aware-optimizer': '', optimizer: 'sgd' }),
    dense({ ...ZERO, 'use-precision-aware-optimizer': '', optimizer: 'adam' }),
  ],
  [
    'main-gradients',
    dense({
      ...ZERO,
      ...{ 'use-precision-aware-optimizer': '', 'main-grads-dtype': 'bf16' },
      'accumulate-allreduce-grads-in-fp32': '',
    }),
    dense({ ...ZERO, 'use-precision-aware-optimizer': '', 'main-grads-dtype': 'bf16' }),
  ],
  ['optimizer-sharding', dense({ ...FSDP, optimizer: 'muon' }), dense({ ...ZERO, optimizer: 'muon' })],
  ['recompute-selective', dense({ ...SELECTIVE, 'recompute-method': 'uniform' }), dense(SELECTIVE)],
  [
    'recompute-selective',
    dense({ 'recompute-activations': '', 'recompute-num-layers': '1' }),
    dense({ 'recompute-activations': '' }),
  ],
  ['recompute-full', dense({ 'recompute-granularity': 'full' }), dense(FULL)],
  ['recompute-moe-layer', moe({ ...FULL, 'moe-layer-recompute': '' }), moe({ 'moe-layer-recompute': '' })],
  [
    'recompute-modules',
    dense({ ...SELECTIVE, 'recompute-modules': 'attention' }),
    dense({ ...SELECTIVE, 'recompute-modules': 'core_attn mlp' }),
  ],
  [
    'recompute-modules',
    dense({ ...SELECTIVE, 'recompute-modules': 'moe_act' }),
    moe({ ...SELECTIVE, 'recompute-modules': 'moe_act' }),
  ],
  [
    'recompute-modules',
    dense({ ...SELECTIVE, 'recompute-modules': 'mla_up_proj' }),
    dense({ ...SELECTIVE, 'recompute-modules': 'mla_up_proj', 'multi-latent-attention': '' }),
  ],
  ['overlap-param-gather', dense({ 'overlap-param-gather': '' }), dense(ZERO)],
  [
    'tp-comm-overlap',
    dense({ 'tp-comm-overlap': '' }),
    dense({ 'tp-comm-overlap': '', 'sequence-parallel': '' }),
  ],
  ['one-precision', dense({ fp16: '' }), dense({ fp16: '', bf16: null })],
  [
    'one-low-precision',
    dense({ 'fp8-format': 'hybrid', 'fp4-format': 'e2m1' }),
    dense({ 'fp4-format': 'e2m1' }),
  ],
  [
    'delayed-scaling',
    dense({ 'fp8-format': 'hybrid', ...SELECTIVE, 'recompute-modules': 'core_attn layernorm' }),
    dense({
      'fp8-format': 'hybrid',
      'fp8-recipe': 'tensorwise',
      ...SELECTIVE,
      'recompute-modules': 'core_attn layernorm',
    }),
  ],
  [
    'delayed-scaling',
    dense({ 'fp8-format': 'hybrid', 'fp8-recipe': 'delayed', 'first-last-layers-bf16': '' }),
    dense({ 'fp8-format': 'hybrid', 'fp8-recipe': 'delayed' }),
  ],
  ['expert-precision', moe({ fp16: '', bf16: null }), dense({ fp16: '', bf16: null })],
  ['grouped-gemm-precision', moe({ bf16: null }), moe()],
  [
    'latent-attention',
    dense({ 'multi-latent-attention': '', 'group-query-attention': '' }),
    dense({ 'multi-latent-attention': '' }),
  ],
  [
    'query-groups-ignored',
    dense({ 'num-query-groups': '8' }),
    dense({ 'num-query-groups': '8', 'group-query-attention': '' }),
  ],
  [
    'overlap-optimizer-step',
    dense({ ...ZERO, 'overlap-param-gather-with-optimizer-step': '' }),
    dense({ ...ZERO, 'overlap-param-gather-with-optimizer-step': '', [VIRTUAL]: '2' }),
  ],
  [
    'overlap-optimizer-step',
    dense({ 'overlap-param-gather-with-optimizer-step': '', [VIRTUAL]: '2' }),
    dense({ ...ZERO, 'overlap-param-gather-with-optimizer-step': '', [PER_VIRTUAL]: '4' }),
  ],
  [
    'optimizer-instances',
    dense({ 'num-distributed-optimizer-instances': '3' }),
    dense({ 'num-distributed-optimizer-instances': '4' }),
  ],
  // Data parallelism 8, that of the experts 2.
  [
    'optimizer-instances',
    moe({ 'num-distributed-optimizer-instances': '4' }),
    moe({ 'num-distributed-optimizer-instances': '2' }),
  ],
  [
    'torch-fsdp2',
    one({ 'use-torch-fsdp2': '' }),
    one({
      'use-torch-fsdp2': '',
      'untie-embeddings-and-output-weights': '',
      'no-gradient-accumulation-fusion': '',
    }),
  ],
  ['megatron-fsdp-checkpoint', dense({ 'use-megatron-fsdp': '' }), dense(FSDP)],
  ['checkpoint-format', dense({ 'ckpt-format': 'fsdp_dtensor' }), dense({ 'ckpt-format': 'torch_dist' })],
  ['one-connection', torchrun('1', dense(FSDP)), torchrun('8', dense(FSDP))],
  ['several-connections', torchrun('8', dense()), torchrun('1', dense())],
  ['moe-overlap', moe({ ...OVERLAP, 'moe-token-dispatcher-type': 'allgather' }), moe(OVERLAP)],
  ['moe-overlap', moe({ ...OVERLAP, ...FULL }), moe({ ...OVERLAP, 'recompute-granularity': 'full' })],
  [
    'moe-overlap',
    moe({ ...OVERLAP, 'moe-layer-recompute': '' }),
    moe({ ...OVERLAP, ...SELECTIVE, 'recompute-modules': 'moe_act' }),
  ],
  [
    'moe-overlap',
    moe({ ...OVERLAP, 'moe-shared-expert-overlap': '' }),
    moe({ 'moe-shared-expert-overlap': '' }),
  ],
  [
    'delayed-weight-gradients',
    moe({ 'delay-wgrad-compute': '' }),
    moe({ ...OVERLAP, 'delay-wgrad-compute': '' }),
  ],
  [
    'expert-bias',
    moe({ 'expert-tensor-parallel-size': '2' }),
    moe({ 'expert-tensor-parallel-size': '2', 'disable-bias-linear': '' }),
  ],
  [
    'one-expert-a-token',
    moe({ 'moe-router-topk': '1' }),
    moe({ 'moe-router-topk': '1', 'moe-router-pre-softmax': '' }),
  ],
  [
    'prediction-positions',
    dense({ 'mtp-num-layers': '1' }),
    dense({ 'mtp-num-layers': '1', 'use-rotary-position-embeddings': '' }),
  ],
  [
    'saved-activations',
    dense({ ...FULL, 'distribute-saved-activations': '', 'sequence-parallel': '' }),
    dense({ ...FULL, 'distribute-saved-activations': '' }),
  ],
  [
    'batch-schedule',
    dense({ 'step-batch-size-schedule': '0:8' }),
    dense({ 'step-batch-size-schedule': '0:8', 'global-batch-size': null }),
  ],
  ['cpu-offload', dense({ 'cpu-offloading-num-layers': '4' }), dense({ 'cpu-offloading-num-layers': '0' })],
  ['cpu-offload', one({ 'cpu-offloading-num-layers': '32' }), one({ 'cpu-offloading-num-layers': '31' })],
  ['known-flags', dense({ 'tensor-model-paralel-size': '2' }), dense({ 'transformer-impl': 'local' })],
  [
    'required-flags',
    dense({ 'max-position-embeddings': null }),
    dense({ 'num-layers': null, 'encoder-num-layers': '32' }),
  ],
  ['flag-values', dense({ 'attention-backend': 'flashy' }), dense({ 'attention-backend': 'flash' })],
  ['flag-values', dense({ 'ffn-hidden-size': '14e3' }), dense({ 'ffn-hidden-size': '14_336' })],
  ['flag-values', dense({ lr: 'low' }), dense({ lr: '1.5e-4' })],
  ['flag-words', dense({ bf16: 'true' }), dense({ 'data-path': '0.3 a 0.7 b' })],
  ['flag-words', dense({ 'ffn-hidden-size': '14336 64' }), dense({ 'recompute-activations': '' })],
];
