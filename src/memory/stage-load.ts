import type { StateParts } from '../techniques/optimizer-sharding.ts';

/** What one GPU of a stage holds, before asking when. Bytes; activations for one micro-batch. */
export interface StageLoad {
  readonly state: StateParts;
  /** Saved from forward to backward by each virtual chunk of the stage. */
  readonly activationsByChunk: readonly number[];
  /** Logits and loss kept from the head's forward to its backward, 0 on other stages. */
  readonly lossSaved: number;
  /** Further bytes at the worst point of the loss. */
  readonly lossTransient: number;
  /** Brought back by recomputation while one layer's backward runs (the widest layer). */
  readonly restored: number;
  /** Alive only during one operator's backward (the widest). */
  readonly backwardTransient: number;
  /** Weight gradient of the embedding or head outside the gradient buffer, at the end of a backward. */
  readonly gradTemporary: number;
  /** Whole parameters and gradients that FSDP gathers around the running layer. */
  readonly gathered: number;
  readonly optimizerTemporary: number;
}
