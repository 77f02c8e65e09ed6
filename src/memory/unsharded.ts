import { type BySegment, type MemoryTerm, POINTS, type Point } from '../domain/memory-term.ts';
import type { Stack } from '../domain/stack.ts';
import type { Settings } from '../domain/stage-cost.ts';
import type { Held, Shards } from './state-terms.ts';

const GATHERED: readonly Point[] = ['forward', 'loss', 'backward', 'end-of-backward'];

/**
 * What FSDP keeps whole beside the shards. Without a pipeline: two layers in flight and the root module, 16-bit
 * weights, and one layer's gradients. With a pipeline the stage stays gathered between micro-batches: 2 B of weights
 * and 4 B of accumulated gradients per parameter (torchtitan, reshard_after_forward off under PP).
 */
export function unshardedTerms(
  settings: Settings,
  stack: Stack,
  extent: { readonly pipelined: boolean; readonly shards: Shards },
  held: { readonly dense: Held; readonly expert: Held },
  root: number,
): MemoryTerm[] {
  if (settings.optimizerSharding < 3 || extent.shards.dense === 1) return [];
  const both = (factor: number): BySegment =>
    held.dense.layers.map((row, s) =>
      row.map((count, kind) => factor * (count + held.expert.layers[s]![kind]!)),
    );
  if (extent.pipelined && stack.fullySharded) {
    const whole = (part: string, bytes: number): MemoryTerm => ({
      part,
      at: POINTS,
      times: 'once',
      over: 'sum',
      layers: both(bytes),
      fixed: [bytes * (held.dense.fixed + held.expert.fixed)],
    });
    return [whole('weights', 2), whole('gradients', 4)];
  }
  // Two layers of weights, and the weights and gradients of the one in backward.
  return [
    {
      part: 'gathered parameters',
      at: GATHERED,
      times: 'once',
      over: 'widest',
      layers: both(2 * 2 + 2 + 4),
      fixed: [4 * root],
    },
  ];
}
