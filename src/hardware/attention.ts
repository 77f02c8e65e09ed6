import type { GpuSpec } from '../domain/gpu.ts';
import type { Stack } from '../domain/stack.ts';
import type { Coefficients } from './coefficients.ts';
import { densePeak } from './gemm.ts';

/** Fused causal attention on one GPU: `queries` local tokens of each sequence against all keys at or before them. */
export interface AttentionShape {
  readonly batch: number;
  /** Query heads on this GPU. */
  readonly heads: number;
  readonly kvHeads: number;
  readonly sequence: number;
  /** Context-parallel degree: the GPU holds sequence/cp queries. */
  readonly contextParallel: number;
  /** Times that each query is attended with, to a part of the keys; left out: one for each context-parallel rank, as in a ring. */
  readonly steps?: number;
  readonly qkHeadDim: number;
  readonly vHeadDim: number;
  readonly window: number | null;
  /** A learned sink per head: kernels with it are not the fused ones of the fit. */
  readonly sinks: boolean;
}

/** A format beside the 16 bits of the fit: how much slower its products are, and how much wider its elements. */
export interface AttentionFormat {
  readonly slower: number;
  readonly wider: number;
}

const SIXTEEN_BITS: AttentionFormat = { slower: 1, wider: 1 };

/**
 * Seconds of one forward. Curve: see AttentionCurve; kernels of older generations are slower by fitted factors. What a kernel takes before its
 * products, and blocks before theirs, is the same in all formats.
 */
export function attentionForward(
  gpu: GpuSpec,
  kernel: Stack['attentionKernel'],
  a: AttentionShape,
  c: Coefficients,
  { slower, wider }: AttentionFormat = SIXTEEN_BITS,
): number {
  const curve = gpu.attention;
  const headDim = (a.qkHeadDim + a.vHeadDim) / 2;
  const efficiency = efficiencyAt(curve.efficiencyHeadDim64, curve.efficiencyHeadDim128, headDim);
  const queries = a.sequence / a.contextParallel;
  const blocks = (a.batch * a.heads * Math.ceil(queries / 128)) / gpu.multiprocessors;
  const w = curve.waveQuantisation;
  const waves = ((1 - w) * Math.max(blocks, 1) + w * Math.ceil(blocks)) / blocks;
  const bound = a.window !== null && a.window < a.sequence;
  // Twice the keys that a query reads in the mean: W − W²/2s under a window.
  const reach = bound ? 2 * a.window - a.window ** 2 / a.sequence : a.sequence;
  const { steps = a.contextParallel } = a;
  const keys = slower * reach + curve.startupTokens * steps;
  const compute = (2 * a.batch * a.heads * queries * keys * headDim * waves) / (densePeak(gpu) * efficiency);
  const bytes = 2 * wider * a.batch * queries * (a.heads + a.kvHeads) * (a.qkHeadDim + a.vHeadDim);
  const memory = bytes / (gpu.memoryBandwidth * curve.memoryEfficiency);
  const seconds = curve.fixedSeconds * steps + Math.cbrt(compute ** 3 + memory ** 3);
  const special = a.window === null && !a.sinks ? 1 : c.slidingWindowAttention;
  return seconds * special * training(gpu, c) * generation(gpu, kernel, c);
}

/** Backward time over forward time. */
export function backwardRatio(
  { attention: { backward, backwardUnequal } }: GpuSpec,
  { qkHeadDim, vHeadDim }: AttentionShape,
  c: Coefficients,
): number {
  const usual = backward ?? c.attentionBackward;
  return qkHeadDim > vHeadDim ? (backwardUnequal ?? usual) : usual;
}

/** Time of training kernels over those of the curve. */
function training({ kernels }: GpuSpec, c: Coefficients): number {
  if (kernels.training === 'own') return 1;
  if (kernels.training === 'cudnn') return c.attentionTrainingCudnn;
  return kernels.flash === 2 ? c.attentionTrainingFlash2 : c.attentionTraining;
}

function generation(gpu: GpuSpec, kernel: Stack['attentionKernel'], c: Coefficients): number {
  const behind = gpu.kernels.flash === 3 ? c.flash2BehindFlash3 : 1;
  if (kernel === 'flash2') return behind;
  if (kernel === 'flash1') return behind * c.flash1;
  return 1;
}

/** Efficiencies are fitted at head dims 64 and 128; between them linear, below 64 in proportion, above 128 flat. */
function efficiencyAt(at64: number, at128: number, headDim: number): number {
  if (headDim >= 128) return at128;
  if (headDim >= 64) return at64 + ((at128 - at64) * (headDim - 64)) / 64;
  return (at64 * headDim) / 64;
}
