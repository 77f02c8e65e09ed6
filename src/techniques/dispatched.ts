/** How stateless stages are dealt: `flows`: the next step begins before this one's update; what is recomputed at a time. */
export interface Dispatch {
  readonly flows: boolean;
  readonly grain: 'stage' | 'layer';
  /** Copies run beside compute from pinned memory; else each waits, from memory that may be paged. */
  readonly pinned: boolean;
}
