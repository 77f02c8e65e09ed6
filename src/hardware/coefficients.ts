import { type Coefficient, fitted, fixed } from './coefficient.ts';
import { FITTED } from './fitted.ts';
import { HOST_DEFINITIONS } from './host-coefficients.ts';

/** The constants of the step-time model: one table. */
const DEFINITIONS = {
  // Compute
  weightGradEfficiency: fixed(
    0.94,
    'weight-gradient GEMM rate over forward rate, fp32 accumulation',
    'SimuMax training GEMMs, A100 and B200',
  ),
  attentionBackward: fixed(
    3.05,
    'flash attention backward time over forward time',
    'SimuMax and DeepSeek profile data: 2.5x FLOPs at 0.82 of the rate',
  ),
  attentionTraining: fitted(1.08, 0.8, 1.5, 'training flash kernel time over the inference prefill fit'),
  attentionTrainingFlash2: fitted(1, 0.8, 1.5, 'the same on GPUs whose newest kernels are FlashAttention-2', {
    source:
      'published runs; start: FlashAttention-2 (arXiv 2307.08691) trains at 50 to 73 % of the peak of A100, where the prefill fit ends at 63 %',
  }),
  attentionTrainingCudnn: fitted(1.08, 0.7, 1.5, 'the same where training kernels are cuDNN (Blackwell)'),
  flash2BehindFlash3: fitted(
    1.6,
    1,
    2.2,
    'FlashAttention-2 time over FA3/cuDNN on GPUs that have these (Hopper and later)',
  ),
  flash1: fitted(1.7, 1, 3, 'FlashAttention-1/Triton time over FlashAttention-2', {
    source: 'published runs; start: about 2 times (arXiv 2307.08691), less over Triton',
  }),
  fp8Attention: fitted(0.75, 0.5, 1, 'attention time in fp8 over that in 16 bits, forward and backward', {
    source: 'FlashAttention-3 (arXiv 2407.08608): forward 1.2 against 0.74 PFLOP/s; the softmax stays wide',
  }),
  slidingWindowAttention: fitted(
    1.2,
    1,
    6,
    'attention kernel time with sinks or sliding windows over its FLOP count',
  ),
  unfusedBatchedGemm: fitted(
    0.5,
    0.2,
    0.85,
    'fraction of peak of the batched QK and AV GEMMs of unfused attention',
  ),
  unalignedBatchedGemm: fitted(
    3,
    1,
    16,
    'time factor of those GEMMs when the head dimension is no multiple of 8 elements',
    {
      source:
        'published runs; at most what tensor cores are above fp32 arithmetic: 312 to 19.5 TFLOP/s on A100',
    },
  ),
  unfusedSoftmaxBytes: fitted(1, 0.5, 2, 'factor on 4.5 widths forward and 5.5 backward per score element'),
  streamBytes: fitted(1, 0.5, 2, 'factor on the bytes of norms, activations, residuals'),
  unfusedGlu: fitted(
    2,
    1,
    10,
    'activation bytes of clamped SwiGLU with expert biases (gpt-oss) over the fused kernel',
  ),
  scanProducts: fixed(
    0.136,
    'most that products inside chunks of a scan reach, of the dense peak',
    'tile-ai/tilelang benchmark/mamba2/README.md@be9c08f: 134 TFLOP/s of 989 on H800, heads of 64, state 128; mamba_ssm is slower there by a factor that is only drawn',
  ),
  scanKernels: fitted(
    1.8,
    1,
    2.5,
    "time of mamba_ssm's Triton kernels over that of their bytes and products at those rates",
    {
      source:
        'start: ROCm/triton#777, mixer of mamba2-2.7b on MI300X, forward and backward of 4,096 tokens in 3.7 to 4.0 ms, about half of it in its GEMMs',
    },
  ),
  scanIssue: fixed(
    2,
    'the same, of the peak of fp32 arithmetic outside tensor cores: tiles of a chunk go as fast as multiprocessors issue',
    'the same 134 of 67 on H800; ai-dynamo/aiconfigurator@095f58a gdn_perf (sglang 0.5.14, chunk_gated_delta_rule, 64 heads, 32,768 tokens): 5.5 ms on H100 and 3.5 on B200, which bytes at their rates and products at 2.0 of 67 and of 80 TFLOP/s explain, not the peaks of tensor cores',
  ),
  convolutionIssue: fixed(
    95,
    'fp32 operations in whose time a short convolution works out one element with its activation',
    'ai-dynamo/aiconfigurator@095f58a, causal_conv1d_fn: of trtllm 1.3.0rc20 (mamba2_perf) 89 on B200, 93 on B300, 82 on GB300, of sglang 0.5.14 (gdn_perf) 110 on B200 and 101 on GB300; at 0.4 of the rate of memory there, at 0.7 on H100',
  ),
  streamFloor: fitted(3e-6, 0.5e-6, 6e-6, 'least device time of a memory-bound kernel, seconds'),
  fp8Quantisation: fitted(1, 0.1, 1.6, 'factor on the fp8 quantisation passes of the GEMM fit'),
  fp8Sustained: fitted(1, 0.8, 1.3, 'sustained slowdown of fp8 GEMMs over that of bf16'),
  fp8Rowwise: fitted(1.7, 1, 3, 'time of row-scaled fp8 GEMMs over tensor-scaled ones', {
    source: 'torchtitan: its kernels accumulate at half rate',
  }),
  nvfp4Efficiency: fitted(
    0.75,
    0.3,
    1,
    'fraction of the peak of nvfp4 over that of fp8 by which GEMMs are faster',
  ),
  contention: fitted(0.15, 0.02, 0.4, 'slowdown of compute while a collective runs beside it (SM share)', {
    source: 'arXiv 2507.03114; DeepSeek profile: 20 of 132 SMs',
  }),
  powerExponent: fixed(
    0.67,
    'clock falls with this power of the power limit',
    'H100 at 500 W against 700 W: 1.43 against 1.14 over burst',
  ),

  // Host
  hostUnitsDense: fixed(
    20,
    'launch units of one dense layer forward',
    'kernel counts of Megatron layers: 22 legacy, 18 with fused kernels',
  ),
  hostUnitsRouter: fitted(15, 5, 60, 'launch units of the router of a MoE layer forward'),
  hostUnitsDispatch: fitted(
    40,
    10,
    400,
    'launch units of a dropless dispatch forward: counts to the host, permutation, exchange',
  ),
  hostUnitsHybridDispatch: fitted(20, 2, 200, 'the same where one kernel permutes and exchanges (HybridEP)'),
  hostUnitsPerExpert: fitted(2, 0.2, 20, 'further launch units for the GEMMs of each local expert'),
  hostUnitsTensorParallel: fitted(
    3,
    0.3,
    12,
    'further launch units per layer and doubling of tensor parallelism',
  ),
  hostUnitsCheckpoint: fitted(8, 1, 60, 'further launch units per recomputed layer (RNG state, autograd)'),
  hostUnitsSoftmaxFallback: fitted(
    12,
    1,
    40,
    'further launch units where the fused softmax falls back: (micro-batch · heads / tp) % 4 ≠ 0',
  ),
  hostBackwardFactor: fixed(
    1.9,
    'launch units of backward over forward',
    '3.5 ms forward+recompute+backward against 0.9 ms forward, 2021 Megatron',
  ),
  moeHostSync: fitted(
    0.2,
    0.01,
    1,
    'share of the smaller of host and device time that dropless MoE synchronisation exposes',
  ),

  // Communication
  intraNodeDerating: fixed(
    0.9,
    'fraction of nccl-tests bandwidth that in-training reductions, gathers and scatters reach',
    'nccl-tests run alone; training shares HBM beside them, which the exchange of experts has for itself',
  ),
  networkDerating: fitted(
    0.9,
    0.4,
    1,
    'rate of ring and tree collectives across nodes over wire rate times efficiency of their link',
    { bound: 'the efficiency of a link is already what nccl-tests reach; the runs show no further loss' },
  ),
  networkAllToAll: fitted(0.9, 0.4, 1, 'the same of all-to-all', {
    source: 'EFA p5: 0.86 of the wire at 2 to 8 nodes, of 0.88 that the link has',
    bound:
      'as for rings; what all-to-all loses besides is not told apart from the share of it that compute hides',
  }),
  pointToPointLatency: fitted(20e-6, 5e-6, 200e-6, 'one pipeline send and receive, seconds'),
  pipelineExposed: fitted(0.9, 0.05, 1, 'share of a 1F1B boundary transfer that compute does not hide'),
  pipelineExposedInterleaved: fitted(0.5, 0.05, 1, 'the same where every device sends for every chunk'),

  // Expert parallelism
  expertImbalance: fitted(1.05, 1, 1.5, 'busiest expert rank over the mean, natural routing'),

  // Step
  optimizerBytes: fitted(44, 25, 80, 'HBM bytes per locally owned parameter in the optimizer step', {
    source: 'Adam: 28 B plus clipping and casts',
  }),
  ...HOST_DEFINITIONS,
  lossBytes: fitted(24, 8, 50, 'HBM bytes per logit of an unfused cross entropy, forward and backward'),
  lossFusion: fitted(0.6, 0.2, 1, 'the same of a fused cross entropy, over the unfused one'),
} as const satisfies Record<string, Omit<Coefficient, 'value'>>;

export type CoefficientName = keyof typeof DEFINITIONS;

/** Every constant with the value in use: the fitted one, or where it starts. */
export const COEFFICIENT_TABLE = Object.fromEntries(
  Object.entries(DEFINITIONS).map(([name, definition]) => [
    name,
    { ...definition, value: (FITTED as Readonly<Record<string, number>>)[name] ?? definition.start },
  ]),
) as Readonly<Record<CoefficientName, Coefficient>>;

export type Coefficients = Readonly<Record<CoefficientName, number>>;

const DEFAULTS = Object.fromEntries(
  Object.entries(COEFFICIENT_TABLE).map(([name, { value }]) => [name, value]),
) as Coefficients;

/** The table's values, some of them overridden. */
export function coefficients(overrides?: Readonly<Partial<Record<string, number>>>): Coefficients {
  return overrides === undefined ? DEFAULTS : { ...DEFAULTS, ...(overrides as Partial<Coefficients>) };
}
