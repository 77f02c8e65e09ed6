import type { GpuSpec } from '../../domain/gpu.ts';
import type { Allocator } from '../../domain/stack.ts';

/** What bounds the bytes of one GPU. */
export interface Limits {
  readonly gpu: GpuSpec;
  /** Fraction of memory to leave free; bytes of it, where they are more. */
  readonly headroom: number;
  readonly headroomBytes: number;
  /** Bytes that others hold: this training's allocator sees a GPU without them. */
  readonly reservedBytes: number;
  readonly allocator: Allocator;
  /** Communicator generations alive on this GPU (one per parallel group of more than one member). */
  readonly communicators: number;
}

/** Fragments that no cache flush gives back, over allocated bytes (assumed). */
const LEAST_FRAGMENTS = 1.015;

/** CUDA context and communication buffers: bytes that no allocator knows of. */
export function outsideBytes({ gpu, allocator, communicators }: Limits): number {
  return gpu.runtimeBytes + allocator.contextBytes + communicators * allocator.bytesPerCommunicator;
}

/**
 * What the caching allocator holds. Under pressure it returns cached blocks before it gives up (release_cached_blocks and a second alloc_block
 * in c10/cuda/CUDACachingAllocator.cpp of PyTorch), so near the GPU's whole memory the reserve shrinks to the fragments.
 */
export function reservedBytes(
  allocated: number,
  limits: Pick<Limits, 'gpu' | 'reservedBytes' | 'allocator'>,
  outside: number,
): number {
  const { reservedOverAllocated, overhead = 1 } = limits.allocator;
  const room = limits.gpu.memoryBytes - limits.reservedBytes - outside;
  const held = allocated * overhead;
  return Math.min(held * reservedOverAllocated, Math.max(held * LEAST_FRAGMENTS, room));
}

type Kept = Pick<Limits, 'gpu' | 'headroom' | 'headroomBytes' | 'reservedBytes'>;

export function limitBytes({ gpu, headroom, headroomBytes, reservedBytes }: Kept): number {
  return gpu.memoryBytes - Math.max(headroom * gpu.memoryBytes, headroomBytes) - reservedBytes;
}

/** The most allocated bytes with which `reservedBytes` and what is outside stay within the limit. */
export function allocatable(limits: Limits): number {
  const { reservedOverAllocated, overhead = 1 } = limits.allocator;
  const room = (limitBytes(limits) - outsideBytes(limits)) / overhead;
  const usual = room / reservedOverAllocated;
  return limits.headroom > 0 || limits.headroomBytes > 0 ? usual : Math.max(usual, room / LEAST_FRAGMENTS);
}
