import type { Stack } from '../domain/stack.ts';
import type { Settings } from '../domain/stage-cost.ts';

/**
 * What FSDP keeps whole beside the shards. Without a pipeline: two layers in flight and the root module, 16-bit
 * weights, and one layer's gradients. With a pipeline the stage stays gathered between micro-batches: 2 B of weights
 * and 4 B of accumulated gradients per parameter (torchtitan, reshard_after_forward off under PP).
 */
export function unshardedBytes(
  settings: Settings,
  stack: Stack,
  extent: { readonly pipelineStages: number; readonly shards: number },
  parameters: { readonly widestLayer: number; readonly root: number; readonly stage: number },
): { weights: number; gradients: number; gathered: number } {
  if (settings.optimizerSharding < 3 || extent.shards === 1) return { weights: 0, gradients: 0, gathered: 0 };
  if (extent.pipelineStages > 1 && stack.fullySharded) {
    return { weights: 2 * parameters.stage, gradients: 4 * parameters.stage, gathered: 0 };
  }
  const layers = 2 * 2 * parameters.widestLayer + 6 * parameters.widestLayer;
  const root = 4 * parameters.root;
  return { weights: 0, gradients: 0, gathered: layers + root };
}
