import type { OptimizerSharding } from '../domain/plan.ts';
import type { StateBytes } from '../domain/stack.ts';

export interface StateParts {
  readonly weights: number;
  readonly gradients: number;
  readonly optimizer: number;
}

/**
 * Bytes of one GPU for `parameters` local parameters over `shards` data-parallel copies (Rajbhandari et al. 2020,
 * figure 1). With a pipeline, FSDP keeps the stage's weights and accumulated gradients whole between micro-batches.
 */
export function stateBytes(
  parameters: number,
  state: StateBytes,
  sharding: OptimizerSharding,
  shards: number,
): StateParts {
  return {
    weights: (parameters * state.weights) / (sharding >= 3 ? shards : 1),
    gradients: (parameters * state.gradients) / (sharding >= 2 ? shards : 1),
    optimizer: (parameters * state.optimizer) / (sharding >= 1 ? shards : 1),
  };
}
