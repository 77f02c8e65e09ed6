import { type Dtype, isNarrow, type Precision } from '../domain/dtype.ts';
import type { GemmCurve, GpuSpec } from '../domain/gpu.ts';
import type { Coefficients } from './coefficients.ts';
import { livesOnSlot, sustained } from './power.ts';

/** C[m,n] = A[m,k]·B[k,n]. */
export interface GemmShape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Equal ones in one group; 1 where left out. */
  readonly count?: number;
  /** Each of a group is a launch of its own, with sizes that the host has: each has the start and the tail of a GEMM. */
  readonly oneByOne?: boolean;
  /** A was written in the narrow format for an earlier GEMM: what quantises a tensor writes its transpose beside it. */
  readonly quantised?: boolean;
}

const FALLBACK: Readonly<Record<Dtype, readonly Dtype[]>> = {
  fp32: ['fp32', 'bf16', 'fp16'],
  tf32: ['tf32', 'fp32'],
  fp16: ['fp16', 'bf16'],
  bf16: ['bf16', 'fp16'],
  fp8: ['fp8', 'bf16', 'fp16'],
  'fp8-rowwise': ['fp8', 'bf16', 'fp16'],
  mxfp8: ['mxfp8', 'fp8', 'bf16', 'fp16'],
  nvfp4: ['nvfp4', 'mxfp8', 'fp8', 'bf16', 'fp16'],
};

/** The curve used for a dtype, and the dtype it was measured in: a GPU without fp8 computes in bf16. */
export function gemmCurve(gpu: GpuSpec, dtype: Dtype): { curve: GemmCurve; measured: Dtype; peak: number } {
  for (const measured of FALLBACK[dtype]) {
    const curve = gpu.gemm[measured];
    if (curve !== undefined) return { curve, measured, peak: gpu.peakFlops[measured]! };
  }
  throw new RangeError(`${gpu.id} has no GEMM curve for ${dtype}`);
}

/** How much faster a format is than the one whose curve stands in for it: nvfp4 than fp8. */
function speedup(gpu: GpuSpec, dtype: Dtype, c: Coefficients): number {
  const own = gpu.peakFlops.nvfp4;
  if (dtype !== 'nvfp4' || own === undefined) return 1;
  const { measured, peak } = gemmCurve(gpu, dtype);
  return measured === 'nvfp4' ? 1 : Math.max(1, (own / peak) * c.nvfp4Efficiency);
}

/** Dense peak of 16-bit arithmetic: attention, and GEMMs of no narrower format, are a share of it. */
export function densePeak({ peakFlops }: GpuSpec): number {
  return peakFlops.bf16 ?? peakFlops.fp16!;
}

/** Whether the GPU computes in a precision itself: Ampere has no fp8, Hopper no mxfp8, Volta no bf16. */
export function supports({ peakFlops }: GpuSpec, precision: Precision): boolean {
  return peakFlops[precision === 'fp8-rowwise' ? 'fp8' : precision] !== undefined;
}

/** Clocks of long runs fall where tensor cores draw the power; fp32 units alone reach the limit only of cards that live on their slot. */
function paceOf(gpu: GpuSpec, measured: Dtype, powerCap: number | null, c: Coefficients): number {
  const slow = sustained(gpu, powerCap, c);
  return measured === 'fp32' && !livesOnSlot(gpu) ? slow / gpu.sustainedSlowdown : slow;
}

/** FLOP/s of an endless GEMM, all else than its products left out: no GEMM in this format is faster. */
export function endlessRate(gpu: GpuSpec, dtype: Dtype, c: Coefficients): number {
  const { curve, measured, peak } = gemmCurve(gpu, dtype);
  const narrow = isNarrow(measured);
  const slow = paceOf(gpu, measured, null, c) * (narrow ? c.fp8Sustained : 1);
  return (peak * curve.maxEfficiency * speedup(gpu, dtype, c)) / (narrow ? Math.max(1, slow) : slow);
}

/** Seconds of one GEMM at sustained clocks: the smooth-knee roofline documented at GemmCurve. */
export function gemmSeconds(
  gpu: GpuSpec,
  dtype: Dtype,
  { m, n, k, count = 1, quantised = false, oneByOne = false }: GemmShape,
  c: Coefficients,
  powerCap: number | null = null,
): number {
  const { curve, measured, peak } = gemmCurve(gpu, dtype);
  const narrow = isNarrow(measured);
  const bandwidth = gpu.memoryBandwidth * curve.memoryEfficiency;
  const ideal = (2 * count * m * n * (k + curve.kOverhead)) / (peak * curve.maxEfficiency);
  const compute = ideal * (1 + (curve.throttleDepth * ideal) / (ideal + curve.throttleSeconds));
  const [operandBytes, resultBytes] = narrow
    ? [1, 2]
    : measured === 'fp32' || measured === 'tf32'
      ? [4, 4]
      : [2, 2];
  const memory = (count * (operandBytes * (m * k + k * n) + resultBytes * m * n)) / bandwidth;
  const knee = Math.sqrt(Math.sqrt(compute ** 4 + memory ** 4));
  const passes = narrow && !quantised ? curve.quantPasses : 0;
  const quantise = (c.fp8Quantisation * passes * 3 * count * m * k) / bandwidth;
  const scaling = dtype === 'fp8-rowwise' && narrow ? c.fp8Rowwise : 1;
  const pace = paceOf(gpu, measured, powerCap, c);
  // No run sustains more than a burst.
  const slow = (narrow ? Math.max(1, pace * c.fp8Sustained) : pace) * scaling;
  const starts = curve.fixedSeconds + (oneByOne ? (count - 1) * ownStart(gpu) : 0);
  return starts + (knee * slow) / speedup(gpu, dtype, c) + quantise;
}

/**
 * What a GEMM takes beside its products, quantisation left out: that of 16 bits, whatever the format. Grouped GEMMs of MI300X take
 * 6 us an expert more than one GEMM of as many rows, where its curve has 5.8 us (AMD-AGI/Primus-Turbo, baseline_grouped_gemm.csv).
 */
function ownStart(gpu: GpuSpec): number {
  return gemmCurve(gpu, 'bf16').curve.fixedSeconds;
}
