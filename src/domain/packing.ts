/** Samples of unlike lengths in sequences of one length: what a step depends on beside their tokens. */
export interface Packing {
  /** Tokens of a sample, and their squares, each the mean over all samples. */
  readonly meanLength: number;
  readonly meanSquare: number;
  /** Standard deviation over samples of L² − (meanSquare/meanLength)·L: how far attention strays from what its tokens say. */
  readonly deviation: number;
  /** Kernels are told where samples begin (`cu_seqlens`), so that each attends to itself alone; false: to the whole sequence. */
  readonly separate: boolean;
  /** Share of all tokens that is padding. */
  readonly padding: number;
  /** What was not stated, in words. */
  readonly assumed: readonly string[];
}
