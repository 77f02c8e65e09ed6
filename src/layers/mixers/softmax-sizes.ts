/** Grouped-query attention, its window and sinks included. */
export interface SoftmaxAttention {
  readonly kind: 'softmax';
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly qkvBias: boolean;
  readonly outBias: boolean;
  /** Parameters of the norms on q and k together, 0 without. */
  readonly qkNormParameters: number;
  /** One learned sink logit per head (gpt-oss). */
  readonly sinks: boolean;
  /** Tokens a query may look back on, or null for full causal attention. */
  readonly slidingWindow: number | null;
  /** Sequences are attended to in chunks of so many tokens (llama4). */
  readonly chunk?: number;
  /** false: queries and keys are not rotated in this layer (every fourth of smollm3 and llama4). */
  readonly rope?: boolean;
  /** A norm over all heads of the output, before it is projected (bitnet). */
  readonly subNorm?: boolean;
  /** A sigmoid gate on each element of the output, projected beside the queries (qwen3_next). */
  readonly gate?: boolean;
  /** The same gate, one number for each head (laguna). */
  readonly headGate?: boolean;
  /** Width of values, where it is not that of queries and keys (mimo_v2_flash). */
  readonly valueHeadDim?: number;
  /** Values are the keys as they are projected, normed apart: no matrix of their own (gemma4). */
  readonly valuesOfKeys?: boolean;
}

export function valueWidth({ headDim, valueHeadDim }: SoftmaxAttention): number {
  return valueHeadDim ?? headDim;
}

/** Heads and key-value heads of one GPU: below one of the latter for each, they are replicated. */
export function localHeads(
  { heads, kvHeads }: SoftmaxAttention,
  tp: number,
): { heads: number; kvHeads: number } {
  return { heads: heads / tp, kvHeads: Math.max(1, kvHeads / tp) };
}
