import type { GpuSpec } from '../domain/gpu.ts';
import type { Coefficients } from './coefficients.ts';
import { densePeak } from './gemm.ts';
import { streamSeconds } from './stream.ts';

/** One pass of a scan in chunks, or of the short convolution before it: what moves, what is multiplied in small tiles inside each chunk. */
export interface ScanShape {
  readonly bytes: number;
  readonly flops: number;
  readonly kernels: number;
  /** Those of mamba_ssm, which reach less than the best kernels known. */
  readonly loose?: boolean;
  /** Channels times tokens of a short convolution, each worked out one after the other by its thread. */
  readonly convolved?: number;
}

/**
 * Seconds at burst clocks: what moves bytes and what multiplies taken one after the other, as they are kernels of their own. Tiles are too small to
 * fill tensor cores: they go as fast as multiprocessors issue, which the peak of fp32 arithmetic outside tensor cores stands for, and
 * at most at a share of the dense peak.
 */
export function scanSeconds(
  gpu: GpuSpec,
  { bytes, flops, kernels, convolved = 0, loose = false }: ScanShape,
  c: Pick<
    Coefficients,
    'streamBytes' | 'streamFloor' | 'scanProducts' | 'scanKernels' | 'scanIssue' | 'convolutionIssue'
  >,
): number {
  const { fp32 = Number.POSITIVE_INFINITY } = gpu.peakFlops;
  const products = Math.min(densePeak(gpu) * c.scanProducts, fp32 * c.scanIssue);
  const moved = streamSeconds(gpu, bytes, kernels, c);
  const seconds = Math.max(moved, (convolved * c.convolutionIssue) / fp32) + flops / products;
  return loose ? c.scanKernels * seconds : seconds;
}
