import type { GpuSpec } from '../domain/gpu.ts';
import type { Coefficients } from './coefficients.ts';

/** Seconds of memory-bound kernels that move `bytes` in `kernels` launches. */
export function streamSeconds(
  gpu: GpuSpec,
  bytes: number,
  kernels: number,
  c: Pick<Coefficients, 'streamBytes' | 'streamFloor'>,
): number {
  const device = (bytes * c.streamBytes) / (gpu.memoryBandwidth * gpu.streamEfficiency);
  return Math.max(device, kernels * c.streamFloor);
}
