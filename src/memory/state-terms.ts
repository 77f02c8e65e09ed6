import { type BySegment, type MemoryTerm, POINTS } from '../domain/memory-term.ts';
import type { OptimizerSharding } from '../domain/plan.ts';
import type { StateBytes } from '../domain/stack.ts';
import { stateBytes } from '../techniques/optimizer-sharding.ts';

/** Ranks over which dense states shard, and expert states. */
export interface Shards {
  readonly dense: number;
  readonly expert: number;
}

/** Parameters of one GPU: of each kind of layer, and of what a stage has beside its layers. */
export interface Held {
  readonly layers: BySegment;
  readonly fixed: number;
}

const PARTS = { weights: 'weights', gradients: 'gradients', optimizer: 'optimizer states' } as const;

/** Weights, gradients and optimizer states, alive all through the step. */
export function stateTerms(
  held: { readonly dense: Held; readonly expert: Held },
  state: StateBytes,
  sharding: OptimizerSharding,
  shards: Shards,
): MemoryTerm[] {
  const dense = stateBytes(1, state, sharding, shards.dense);
  const expert = stateBytes(1, state, sharding, shards.expert);
  return (['weights', 'gradients', 'optimizer'] as const).map((part) => ({
    part: PARTS[part],
    at: POINTS,
    times: 'once',
    over: 'sum',
    layers: held.dense.layers.map((row, s) =>
      row.map((count, kind) => count * dense[part] + held.expert.layers[s]![kind]! * expert[part]),
    ),
    fixed: [held.dense.fixed * dense[part] + held.expert.fixed * expert[part]],
  }));
}
