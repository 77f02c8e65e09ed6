import { bitsOf, type Dtype, wideBytes, wideOf } from './dtype.ts';
import type { Workload } from './workload.ts';

export const ATTENTION_KERNELS = ['unfused', 'flash1', 'flash2', 'flash3'] as const;
export const ATTENTION_FORMATS = ['wide', 'fp8'] as const;
export const LOSS_KERNELS = ['fused', 'fused-native', 'unfused', 'fp32', 'fp32-shifted', 'compiled'] as const;
export const ELEMENTWISES = ['fused', 'eager', 'eager-16bit'] as const;
export const CHUNKED_LOSSES = ['one-by-one', 'together'] as const;
export const CUDA_GRAPHS = ['none', 'partial', 'full'] as const;
export const GRADIENTS_TO_OWNERS = ['reduce-scatter', 'all-reduce'] as const;
export const MOE_DISPATCHERS = ['allgather', 'alltoall', 'deepep', 'hybridep'] as const;
export const ROUTINGS = ['natural', 'balanced', 'token-drop'] as const;
export const CONTEXT_EXCHANGES = ['ring', 'all-gather', 'all-to-all'] as const;
export const SHARDED_TRAFFICS = ['all-nics', 'one-nic'] as const;
export const SHARDED_ENDS = ['with-root', 'apart'] as const;
export const CASTS = ['policy', 'autocast', 'autocast-cached'] as const;
export const UPDATES = ['fused', 'foreach'] as const;
export const UPDATED_WEIGHTS = ['all-gather', 'broadcast'] as const;
export const PIPELINE_TRANSFERS = ['scattered', 'whole'] as const;

/**
 * The software stack: the facts about kernels, launch behaviour, overlap and bookkeeping that decide most misses of a
 * step-time or memory model. One YAML file each under configs/stacks.
 */
export interface Stack {
  readonly id: string;
  readonly name: string;
  /** `flash1`/`flash2`/`flash3` name the kernel generation; `flash3` also stands for cuDNN attention on Hopper and later. */
  readonly attentionKernel: (typeof ATTENTION_KERNELS)[number];
  /** What attention's products are worked out in: 16 bits, or fp8 (Transformer Engine's fp8_dot_product_attention); left out: 16 bits. */
  readonly attentionFormat?: (typeof ATTENTION_FORMATS)[number];
  /** Dropout masks are kept for backward (legacy Megatron keeps them even at rate 0). */
  readonly dropoutMasks: boolean;
  readonly lossKernel: (typeof LOSS_KERNELS)[number];
  /** When chunks of a loss go backward: each before the next, or after all are through; left out: each before the next. */
  readonly chunkedLoss?: (typeof CHUNKED_LOSSES)[number];
  /** Logits are cast to fp32 by a kernel of its own, and the loss works on those (torchtune's unembed); left out: no kernel is. */
  readonly castsLogits?: boolean;
  /** Cross entropies that metrics compute again for each micro-batch, forward only and unfused. */
  readonly metricLosses: number;
  /** The gated activation is one kernel; eager ones keep what each returns. */
  readonly fusedActivation: boolean;
  /** Element-wise kernels fused by a compiler. */
  readonly compiled: boolean;
  /** Norms, rotations and activations that no compiler fuses: kernels of a library, or written out in torch operators, rotations in fp32 (torchtune) or in 16 bits (transformers); left out: of a library. */
  readonly elementwise?: (typeof ELEMENTWISES)[number];
  /** GEMMs of fp16 sum up in fp16 (torch.backends.cuda.matmul.allow_fp16_accumulation): faster on GeForce cards, at less precision; left out: in fp32. */
  readonly halfSums?: boolean;
  readonly state: StateBytes;
  readonly gradAccumulationFusion: boolean;
  /** Gradients are let go between steps and made anew by backward (torch's zero_grad), not kept in a buffer; left out: kept. */
  readonly freesGradients?: boolean;
  /**
   * Gradients narrower than fp32 masters are copied as wide as those for the optimizer's step (Megatron's
   * _copy_model_grads_to_main_grads, core/optimizer/distrib_optimizer.py@d98e8a6), but where it is told of other formats of states; left
   * out: they are not.
   */
  readonly widensGradients?: boolean;
  readonly cudaGraphs: (typeof CUDA_GRAPHS)[number];
  readonly moeDispatcher: (typeof MOE_DISPATCHERS)[number];
  /**
   * `natural`: expert token counts differ; `balanced`: the router was forced; `token-drop`: each expert's tokens are cut, or padded, to a
   * capacity that the host knows (Megatron's --moe-expert-capacity-factor 1 with --moe-pad-expert-input-to-capacity).
   */
  readonly routing: (typeof ROUTINGS)[number];
  /** Experts run one after the other in torch operators, not as grouped GEMMs; left out: as those. */
  readonly expertsOneByOne?: boolean;
  /** How context-parallel ranks share keys and values. */
  readonly contextExchange: (typeof CONTEXT_EXCHANGES)[number];
  readonly overlap: Overlap;
  readonly host: HostLaunch;
  readonly allocator: Allocator;
  /** The vocabulary is padded to a multiple of this times the tensor-parallel degree; 1: not padded. */
  readonly vocabularyPadding: number;
  /** Activations its eager kernels keep beside the ones the arithmetic needs, in units of one residual tensor per layer. */
  readonly extraResiduals: number;
  /** The pipeline engine keeps each stage output until its backward (DeepSpeed). */
  readonly keepsPipelineOutputs: boolean;
  /** FSDP-style sharding: parameters gathered layer by layer even when the optimizer sharding is 3. */
  readonly fullySharded: boolean;
  /**
   * `with-root`: embedding and head belong to FSDP's root, which stays gathered from the first layer's forward to the end of backward;
   * `apart`: each is gathered for its own passes (torchtune's custom_sharded_layers). Left out: with the root.
   */
  readonly shardedEnds?: (typeof SHARDED_ENDS)[number];
  /**
   * Where weights of 32 bits are cast to the 16 of compute. `policy`: whoever shares them out does, before they are gathered (FSDP's
   * MixedPrecision). `autocast`: each product does, for its own use, of what is gathered as it is held (torch.autocast by itself over FSDP1,
   * whose weights are views; the `bf16-mixed` of Lightning's FSDP, whose param_dtype is float32: fabric/plugins/precision/fsdp.py@03f57f9).
   * `autocast-cached`: the same where weights are parameters of their own (FSDP2, DDP, one GPU), whose copies autocast keeps until
   * forward ends. Left out: policy.
   */
  readonly casts?: (typeof CASTS)[number];
  /** Whether the optimizer updates in one kernel, or in one for each operation on all weights (torch's default); left out: in one. */
  readonly updates?: (typeof UPDATES)[number];
  /**
   * How ranks get weights that others updated, below stage 3: gathered from all at once, or sent by one owner after the other (torch's
   * ZeroRedundancyOptimizer); left out: gathered.
   */
  readonly updatedWeights?: (typeof UPDATED_WEIGHTS)[number];
  /**
   * What tensor-parallel ranks send to the next stage without sequence parallelism: each its part, put together there (Megatron-LM's
   * scatter-gather, 27fc468 of January 2021, released with 2.2), or each the whole, as before that (megatron/training.py@8aa4619); left out: parts.
   */
  readonly pipelineTransfers?: (typeof PIPELINE_TRANSFERS)[number];
  /** NICs that the gathers of sharded parameters use: DeepSpeed's ZeRO-3 of 2021 moved them at the rate of one. */
  readonly shardedTraffic: (typeof SHARDED_TRAFFICS)[number];
  /**
   * How gradients come to the ranks that own them below ZeRO's stage 3. DeepSpeed all-reduces its buckets, of which each rank
   * keeps its part (use_multi_rank_bucket_allreduce, runtime/zero/stage_1_and_2.py@edaa722); left out: reduce-scatter.
   */
  readonly gradientsToOwners?: (typeof GRADIENTS_TO_OWNERS)[number];
  /** Gradients of a step's micro-batches add up whole, and are reduced once (FSDP's no_sync); left out: each micro-batch's are. */
  readonly accumulatesWhole?: boolean;
  /** What its engine sets aside for sharded states, whatever the model; left out: nothing. Bytes. */
  readonly engineBuffers?: EngineBuffers;
  /** Unfused attention writes its scores into one buffer that stays from layer to layer and step to step (Megatron's global memory buffer). */
  readonly keepsScoreBuffer?: boolean;
  /** One calibrated factor on the whole step; 1 when the stack was never calibrated. `width` is its relative spread. */
  readonly timeMultiplier: { readonly value: number; readonly width: number };
}

/** Bytes per parameter. Sharded state is divided by the data-parallel size from ZeRO stage 1 on. */
export interface StateBytes {
  /** What compute reads. */
  readonly weights: number;
  /** As accumulated. */
  readonly gradients: number;
  /**
   * The same where compute is in bf16; left out: no other. DeepSpeed's BF16_Optimizer sums up in fp32, and what backward made stays
   * beside that until the next one (clear_lp_grads, runtime/bf16_optimizer.py and runtime/pipe/engine.py@v0.8.1; zeroed in place @edaa722).
   */
  readonly bf16Gradients?: number;
  /** fp32 master weights, where `weights` are not those. */
  readonly master: number;
  /** One of the optimizer's moments. */
  readonly moment: number;
}

/** Bytes per parameter that is trained, as a run has them: two moments may differ. */
export interface TrainedBytes extends Omit<StateBytes, 'moment' | 'bf16Gradients'> {
  readonly moments: readonly [first: number, second: number];
}

/**
 * In fp32 weights are their own masters, and gradients as wide. What a workload says of its optimizer stands over the stack:
 * `master` none has weights, gradients and moments in the format of compute, fp16 has masters of that (Megatron's
 * --main-params-dtype, DeepSpeed's fp16_master_weights_and_grads); `moments` and `gradients` have formats of their own.
 */
export function statesIn(
  { precision, optimizerOptions = {} }: Pick<Workload, 'precision' | 'optimizerOptions'>,
  state: StateBytes,
): TrainedBytes {
  const computed = wideBytes(precision);
  const { master, moments, gradients } = optimizerOptions;
  const [first, second = first] = moments?.split('/') ?? [];
  const held: StateBytes =
    master === 'none'
      ? { weights: computed, gradients: computed, master: 0, moment: computed }
      : master === 'fp16'
        ? { ...state, weights: computed, master: 2 }
        : computed === 4
          ? { ...state, weights: 4, gradients: 4, master: 0 }
          : wideOf(precision) === 'bf16'
            ? { ...state, gradients: state.bf16Gradients ?? state.gradients }
            : state;
  return {
    weights: held.weights,
    gradients: gradients === undefined ? held.gradients : bytesOf(gradients),
    master: held.master,
    moments: [
      first === undefined ? held.moment : bytesOf(first),
      second === undefined ? held.moment : bytesOf(second),
    ],
  };
}

/** Bytes of a trained parameter as a module has it, which is as ranks gather it and as its gradient is made; `computed`: those of compute. */
export function moduleBytes(
  workload: Pick<Workload, 'precision' | 'optimizerOptions'>,
  { state, casts = 'policy' }: Pick<Stack, 'state' | 'casts'>,
  computed: number,
): number {
  return casts !== 'policy' ? Math.max(computed, statesIn(workload, state).weights) : computed;
}

function bytesOf(format: string): number {
  return bitsOf(format as Dtype) / 8;
}

/** Fraction of each kind of communication that compute can hide when there is enough of it. */
interface Overlap {
  readonly dataParallel: number;
  /** Without a switch for it. */
  readonly tensorParallel: number;
  /** The same with the switch that a plan may set: Transformer Engine's userbuffers, async tensor parallelism of torch.compile; left out: it has none. */
  readonly userbuffers?: number;
  readonly async?: number;
  readonly contextParallel: number;
  readonly expertParallel: number;
  readonly pipeline: number;
}

/** Defaults of DeepSpeed's ZeRO (runtime/zero/config.py): reduce_bucket_size and stage3_max_live_parameters. */
interface EngineBuffers {
  /** Gradients gathered for one reduction, from stage 2 on. */
  readonly reduceBytes: number;
  /** Parameters that stay gathered from one layer to the next, in stage 3. */
  readonly liveBytes: number;
}

interface HostLaunch {
  /** Host time to launch one kernel-sized unit of work. */
  readonly secondsPerUnit: number;
  /** Once per step: data, logging, gradient norm, synchronisation. */
  readonly secondsPerStep: number;
}

export interface Allocator {
  readonly reservedOverAllocated: number;
  readonly contextBytes: number;
  readonly bytesPerCommunicator: number;
  /** Allocated bytes over those estimated, as a calibration has it; left out: as estimated. */
  readonly overhead?: number;
}

/** Bytes of a trained parameter that its gradient takes again, widened, while it is updated. */
export function widenedBytes(
  { precision, optimizerOptions = {} }: Pick<Workload, 'precision' | 'optimizerOptions'>,
  { state, widensGradients = false }: Pick<Stack, 'state' | 'widensGradients'>,
): number {
  const { master, gradients } = statesIn({ precision, optimizerOptions }, state);
  const told = optimizerOptions.master !== undefined || optimizerOptions.moments !== undefined;
  return widensGradients && !told && gradients < master ? master : 0;
}
