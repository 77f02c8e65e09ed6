import type { GpuSpec } from '../domain/gpu.ts';
import type { Coefficients } from './coefficients.ts';

/** Time of long training kernels over burst kernels: the GPU's own sustained slowdown, and a power cap below stock. */
export function sustained(gpu: GpuSpec, powerCapWatts: number | null, c: Coefficients): number {
  if (powerCapWatts === null || powerCapWatts >= gpu.powerWatts) return gpu.sustainedSlowdown;
  return gpu.sustainedSlowdown * (gpu.powerWatts / powerCapWatts) ** c.powerExponent;
}
