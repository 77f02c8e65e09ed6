/** What of a layer one GPU holds, and for how many tokens. */
export interface LocalShape {
  /** Tokens of one micro-batch on one context-parallel rank: sequence · micro-batch / cp. */
  readonly tokens: number;
  /** Tokens over which one attends, and sequences of so many in a micro-batch: samples, where they are packed. */
  readonly sequence: number;
  readonly microBatch: number;
  readonly tensorParallel: number;
  readonly contextParallel: number;
  readonly expertParallel: number;
  readonly expertTensorParallel: number;
  /** Tokens of the busiest expert rank over the mean, where it is stated; null: as routers of the stack are known to. */
  readonly expertImbalance: number | null;
  readonly sequenceParallel: boolean;
  /** Stages that share the vocabulary; 1: the ends of the pipeline have it whole. */
  readonly vocabularyShards: number;
  /** Rows of the embedding table on this GPU, padding included. */
  readonly vocabularyRows: number;
  /** How context-parallel ranks share keys and values; `stack`: as the stack does. */
  readonly contextExchange: string;
  /** How ranks exchange tokens for experts: each with each, or in two levels. */
  readonly expertExchange: string;
  /** Experts come to the tokens, their weights gathered, and not tokens to the experts. */
  readonly gathersExperts: boolean;
  /** Id of the way to work out the loss. */
  readonly loss: string;
  /** Bytes of an activation element (2), and of a saved linear input (1 with fp8). */
  readonly elementBytes: number;
  readonly linearInputBytes: number;
}

/** Tokens on which norms, residuals and routers work: split by tensor parallelism only under sequence parallelism. */
export function residualTokens(local: LocalShape): number {
  return local.sequenceParallel ? local.tokens / local.tensorParallel : local.tokens;
}
