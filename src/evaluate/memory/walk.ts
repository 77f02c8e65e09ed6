import { type MemoryEstimate, type Parts, total, type Verdict } from '../../domain/estimate.ts';
import type { MemoryTerm, Point } from '../../domain/memory-term.ts';
import type { StageContent } from './content.ts';
import { type Limits, limitBytes, outsideBytes, reservedBytes } from './device.ts';
import { type Gathered, gathered, mostAt, termBytes } from './gathered.ts';

/** Mean error of reserved and device memory on published runs, one side (docs/accuracy.md). */
export const MEMORY_ERROR = 0.05;

/** The highest of all points of a step. */
export interface Peak {
  readonly at: Point;
  readonly allocated: Parts;
}

/**
 * Walks the points of one step where memory can peak and keeps the highest. `fronts` are the micro-batches of each chunk
 * that the schedule keeps alive at once, for each moment that no other outdoes.
 */
export function peakOf(
  terms: readonly MemoryTerm[],
  content: StageContent,
  fronts: readonly (readonly number[])[],
  points: readonly Gathered[] = gathered(terms, content.length),
): Peak {
  const { at, alive } = highest(points, content, fronts);
  const allocated: Record<string, number> = {};
  for (const term of terms) {
    if (term.device === 'gpu' && term.at.includes(at))
      allocated[term.part] = (allocated[term.part] ?? 0) + termBytes(term, content, alive);
  }
  return { at, allocated };
}

/** The highest point, and with how many micro-batches of each chunk in flight. */
export function highest(
  points: readonly Gathered[],
  content: StageContent,
  fronts: readonly (readonly number[])[],
): { readonly at: Point; readonly alive: readonly number[]; readonly bytes: number } {
  let best = { at: points[0]!.at, alive: fronts[0]!, bytes: -1 };
  for (const point of points) {
    const { bytes, alive } = mostAt(point, content, fronts);
    if (bytes > best.bytes) best = { at: point.at, alive, bytes };
  }
  return best;
}

/** What the peak comes to on the device, held against the limit. */
export function judged({ at, allocated }: Peak, limits: Limits): MemoryEstimate {
  const allocatedBytes = total(allocated);
  const outside = outsideBytes(limits);
  const reserved = reservedBytes(allocatedBytes, limits, outside);
  const deviceBytes = reserved + outside;
  const limit = limitBytes(limits);
  return {
    allocated,
    peakAt: at,
    allocatedBytes,
    reservedBytes: reserved,
    deviceBytes,
    deviceIntervalBytes: [deviceBytes * (1 - MEMORY_ERROR), deviceBytes * (1 + MEMORY_ERROR)],
    limitBytes: limit,
    verdict: verdictOf(deviceBytes, limit),
  };
}

function verdictOf(bytes: number, limit: number): Verdict {
  if (bytes > limit) return 'does-not-fit';
  return bytes * (1 + MEMORY_ERROR) > limit ? 'tight' : 'fits';
}
