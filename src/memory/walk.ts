import { type MemoryEstimate, type Parts, total, type Verdict } from '../domain/estimate.ts';
import type { GpuSpec } from '../domain/gpu.ts';
import type { Allocator } from '../domain/stack.ts';
import type { StageLoad } from './stage-load.ts';

/** Mean error of reserved and device memory on published runs, one side (docs/accuracy.md). */
export const MEMORY_ERROR = 0.05;

export interface Limits {
  readonly gpu: GpuSpec;
  /** Fraction of memory to leave free. */
  readonly headroom: number;
  readonly allocator: Allocator;
  /** Communicator generations alive on this GPU (one per parallel group of more than one member). */
  readonly communicators: number;
}

/**
 * Walks the points of one step where memory can peak and keeps the highest. `inFlight[chunk]` is how many micro-batches
 * of that chunk are alive at the stage's peak, the one in backward included (from the schedule's replay).
 */
export function walk(load: StageLoad, inFlight: readonly number[], limits: Limits): MemoryEstimate {
  const points = stepPoints(load, inFlight);
  let peakAt = 'forward';
  let peak: Parts = points.forward ?? {};
  for (const [name, parts] of Object.entries(points)) {
    if (total(parts) > total(peak)) {
      peak = parts;
      peakAt = name;
    }
  }
  const allocatedBytes = total(peak);
  const { allocator, gpu, headroom, communicators } = limits;
  const outside = allocator.contextBytes + communicators * allocator.bytesPerCommunicator;
  const reservedBytes = reserved(allocatedBytes, allocator.reservedOverAllocated, gpu.memoryBytes - outside);
  const deviceBytes = reservedBytes + outside;
  const limitBytes = gpu.memoryBytes * (1 - headroom);
  return {
    allocated: peak,
    peakAt,
    allocatedBytes,
    reservedBytes,
    deviceBytes,
    deviceIntervalBytes: [deviceBytes * (1 - MEMORY_ERROR), deviceBytes * (1 + MEMORY_ERROR)],
    limitBytes,
    verdict: judge(deviceBytes, limitBytes),
  };
}

/** Fragments that no cache flush gives back, over allocated bytes. */
const LEAST_FRAGMENTS = 1.015;

/**
 * What the caching allocator holds. Under pressure it returns cached blocks before it gives up, so near the GPU's whole
 * memory the reserve shrinks to the fragments.
 */
function reserved(allocated: number, usual: number, room: number): number {
  return Math.min(allocated * usual, Math.max(allocated * LEAST_FRAGMENTS, room));
}

function judge(bytes: number, limit: number): Verdict {
  if (bytes > limit) return 'does-not-fit';
  return bytes * (1 + MEMORY_ERROR) > limit ? 'tight' : 'fits';
}

function stepPoints(load: StageLoad, inFlight: readonly number[]): Record<string, Parts> {
  const { state } = load;
  let activations = 0;
  for (const [chunk, bytes] of load.activationsByChunk.entries())
    activations += bytes * (inFlight[chunk] ?? 0);
  const current = load.activationsByChunk.reduce((widest, bytes) => Math.max(widest, bytes), 0);
  const resident = {
    weights: state.weights,
    gradients: state.gradients,
    'optimizer states': state.optimizer,
  };
  return {
    forward: {
      ...resident,
      activations,
      'logits and loss': load.lossSaved,
      'gathered parameters': load.gathered,
    },
    loss: {
      ...resident,
      activations,
      'logits and loss': load.lossSaved + load.lossTransient,
      'gathered parameters': load.gathered,
    },
    backward: {
      ...resident,
      activations,
      recomputed: load.restored,
      temporaries: load.backwardTransient,
      'gathered parameters': load.gathered,
    },
    'end-of-backward': {
      ...resident,
      activations: Math.max(0, activations - current),
      temporaries: load.gradTemporary,
      'gathered parameters': load.gathered,
    },
    'optimizer-step': { ...resident, temporaries: load.optimizerTemporary },
  };
}
