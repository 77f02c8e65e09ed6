export const PASSES = ['forward', 'backward', 'weight gradient'] as const;

/** One micro-batch of one chunk at work on a stage. Seconds from the start of the step. */
export interface TimelinePass {
  readonly kind: (typeof PASSES)[number];
  readonly microBatch: number;
  /** Which of the stage's own chunks. */
  readonly chunk: number;
  readonly from: number;
  readonly to: number;
  /** It shares its slot with the pass before it. */
  readonly beside: boolean;
  /** What the micro-batch kept for its backward is let go when it ends. */
  readonly frees: boolean;
}

/** An activation, or its gradient, on its way to a row from another. */
export interface TimelineTransfer {
  readonly kind: 'forward' | 'backward';
  readonly microBatch: number;
  readonly fromRow: number;
  readonly from: number;
  readonly to: number;
}

/** Allocated bytes of one GPU from a time on. */
export interface MemorySample {
  readonly at: number;
  readonly bytes: number;
}

/** A stage, or a GPU to which stages are dealt. */
export interface TimelineRow {
  readonly pipeline: number;
  /** Of the stage in its pipeline; of a GPU, where stages are dealt. */
  readonly index: number;
  readonly of: 'stage' | 'gpu';
  /** Index of the node group of its slowest copies. */
  readonly group: number;
  /** In the order in which they begin. */
  readonly passes: readonly TimelinePass[];
  readonly transfers: readonly TimelineTransfer[];
  /** Of its GPUs that come nearest to their limit; empty where stages are dealt. */
  readonly memory: readonly MemorySample[];
}

/** What the simulator plays of one step. */
export interface Timeline {
  readonly rows: readonly TimelineRow[];
  /** What follows the last backward, one after the other, on every row. Their last ends the step. */
  readonly ending: readonly { readonly name: string; readonly from: number; readonly to: number }[];
  /** When the last of it ends: the step's own time where all micro-batches are drawn. */
  readonly seconds: number;
  /** Micro-batches of each pipeline that are drawn, and how many it has: of many alike, fewer are. */
  readonly drawn: readonly { readonly microBatches: number; readonly of: number }[];
}
