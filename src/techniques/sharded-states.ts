import type { Stack } from '../domain/stack.ts';
import type { State } from './holding.ts';

/** ZeRO stages: 0 nothing sharded, 1 optimizer states, 2 and gradients, 3 and parameters. */
export const ZERO_STAGES = [0, 1, 2, 3] as const;
export type ZeroStage = (typeof ZERO_STAGES)[number];

/** From which stage on each kind of state is shared out over the data-parallel ranks. */
const SHARDED_FROM: Readonly<Record<State, number>> = { 'optimizer states': 1, gradients: 2, weights: 3 };

/**
 * FSDP shares weights out from stage 2 on: there they stay gathered from a layer's forward to its backward, and are gathered anew for each
 * micro-batch (SHARD_GRAD_OP, torch/distributed/fsdp/api.py; reshard_after_forward=False of fully_shard).
 */
export function sharesOut(stage: ZeroStage, state: State, { fullySharded }: Stack): boolean {
  return stage >= (fullySharded ? Math.min(2, SHARDED_FROM[state]) : SHARDED_FROM[state]);
}

/** Ends of the model that are FSDP's root stay gathered from forward to the end of backward. */
export function staysGathered(
  { end }: { readonly end?: true },
  { fullySharded, shardedEnds }: Stack,
): boolean {
  return end === true && fullySharded && shardedEnds !== 'apart';
}
