import type { Collective } from '../domain/link.ts';
import type { RecomputeModule } from '../domain/plan.ts';
import type { AttentionShape } from '../hardware/attention.ts';

/**
 * One step of a layer on one GPU for one micro-batch: its kernels, its communication, what it keeps for backward.
 * Time, memory and recomputation all read this one list, so they cannot disagree about what a layer does.
 */
export interface Operator {
  readonly name: string;
  /** Recompute modules that run this operator's forward again in backward. */
  readonly modules: readonly RecomputeModule[];
  readonly kernels: readonly Kernel[];
  readonly communication: readonly Communication[];
  readonly saved: readonly SavedTensor[];
  /** Bytes alive only while its backward runs. */
  readonly backwardBytes: number;
  /** Kernel-sized units the host launches in forward. */
  readonly hostUnits: number;
  /** Its shapes follow the routing, so graphs of parts of a layer leave it out; only a whole-iteration graph takes it. */
  readonly dynamic?: boolean;
}

export type Kernel =
  | {
      readonly kind: 'gemm';
      readonly m: number;
      readonly n: number;
      readonly k: number;
      /** Equal GEMMs launched as one group (experts). */
      readonly count: number;
      /** Always in the 16-bit dtype, whatever the precision (router, LM head). */
      readonly wide?: boolean;
    }
  | { readonly kind: 'attention'; readonly shape: AttentionShape }
  | { readonly kind: 'batched-gemm'; readonly flops: number; readonly aligned: boolean }
  | {
      readonly kind: 'stream';
      readonly use: 'element-wise' | 'softmax' | 'permute' | 'loss';
      readonly forwardBytes: number;
      readonly backwardBytes: number;
      readonly kernels: number;
    };

export interface Communication {
  readonly group: 'tensor' | 'context' | 'expert' | 'expert-tensor';
  readonly collective: Collective | 'ring-exchange';
  /** nccl-tests size; for a ring exchange what one rank sends in one of its steps. */
  readonly bytes: number;
  readonly pass: 'forward' | 'backward';
  /** Hidden behind this operator's own GEMM even without an overlap switch (sequence-parallel re-gather for wgrad). */
  readonly hidden?: boolean;
}

export interface SavedTensor {
  readonly bytes: number;
  /** Recompute modules under which it is not kept. */
  readonly droppedBy: readonly RecomputeModule[];
}

/** What of a layer one GPU holds, and for how many tokens. */
export interface LocalShape {
  /** Tokens of one micro-batch on one context-parallel rank: sequence · micro-batch / cp. */
  readonly tokens: number;
  readonly sequence: number;
  readonly microBatch: number;
  readonly tensorParallel: number;
  readonly contextParallel: number;
  readonly expertParallel: number;
  readonly expertTensorParallel: number;
  readonly sequenceParallel: boolean;
  /** Stages that share the vocabulary; 1: the ends of the pipeline have it whole. */
  readonly vocabularyShards: number;
  /** Bytes of an activation element (2), and of a saved linear input (1 with fp8). */
  readonly elementBytes: number;
  readonly linearInputBytes: number;
}

/** Tokens on which norms, residuals and routers work: split by tensor parallelism only under sequence parallelism. */
export function residualTokens(local: LocalShape): number {
  return local.sequenceParallel ? local.tokens / local.tensorParallel : local.tokens;
}

export function stream(
  use: 'element-wise' | 'softmax' | 'permute' | 'loss',
  forwardBytes: number,
  backwardBytes: number,
  kernels = 1,
): Kernel {
  return { kind: 'stream', use, forwardBytes, backwardBytes, kernels };
}

export function gemm(m: number, n: number, k: number, count = 1): Kernel {
  return { kind: 'gemm', m, n, k, count };
}

export function kept(bytes: number, ...droppedBy: RecomputeModule[]): SavedTensor {
  return { bytes, droppedBy };
}
