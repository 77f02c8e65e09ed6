import type { GpuSpec } from '../domain/gpu.ts';
import type { Coefficients } from './coefficients.ts';
import { densePeak } from './gemm.ts';
import { streamSeconds } from './stream.ts';

/** A scan in chunks, one pass: kernels that move bytes, and small products inside each chunk. */
export interface ScanShape {
  readonly bytes: number;
  readonly flops: number;
  readonly kernels: number;
}

/** Seconds at burst clocks: what moves bytes and what multiplies taken one after the other, as they are kernels of their own. */
export function scanSeconds(
  gpu: GpuSpec,
  { bytes, flops, kernels }: ScanShape,
  c: Pick<Coefficients, 'streamBytes' | 'streamFloor' | 'scanProducts'>,
): number {
  return streamSeconds(gpu, bytes, kernels, c) + flops / (densePeak(gpu) * c.scanProducts);
}
