import type { GpuSpec } from '../domain/gpu.ts';
import type { Coefficients } from './coefficients.ts';

/** What a PCI Express slot gives a card without a connector of its own (Card Electromechanical Specification). */
const SLOT_WATTS = 75;

/** Cards that live on that reach their power limit inside one pass, whatever units do the work. */
export function livesOnSlot({ powerWatts }: Pick<GpuSpec, 'powerWatts'>): boolean {
  return powerWatts <= SLOT_WATTS;
}

/** Time of long training kernels over burst kernels: the GPU's own sustained slowdown, and a power cap below stock. */
export function sustained(gpu: GpuSpec, powerCapWatts: number | null, c: Coefficients): number {
  if (powerCapWatts === null || powerCapWatts >= gpu.powerWatts) return gpu.sustainedSlowdown;
  return gpu.sustainedSlowdown * (gpu.powerWatts / powerCapWatts) ** c.powerExponent;
}
