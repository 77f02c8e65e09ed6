/**
 * The model as a sequence of decoder layers, each of one of a few kinds. A dense GPT has one kind; DeepSeek-V3 has
 * two (dense, MoE); gpt-oss has two (sliding window, full attention). Costs are computed once per kind.
 */
export interface ModelSpec {
  readonly name: string;
  /** Hugging Face `model_type`, or a name of our own (`megatron-gpt`). */
  readonly family: string;
  readonly hiddenSize: number;
  readonly vocabSize: number;
  readonly tiedEmbeddings: boolean;
  /** Rows of a learned position table; 0 for rotary or none. */
  readonly learnedPositions: number;
  readonly norm: NormSpec;
  /** The distinct layer kinds. */
  readonly kinds: readonly LayerKind[];
  /** For each layer, the index of its kind. */
  readonly layers: readonly number[];
  /** Multi-token-prediction modules after the last layer (DeepSeek-V3); each is one layer of the last kind plus projections. */
  readonly mtpLayers: number;
  /** A bias on the vocabulary projection (phimoe). */
  readonly headBias?: boolean;
  readonly maxSequenceLength?: number;
}

export const NORM_KINDS = ['rms', 'layer'] as const;

interface NormSpec {
  readonly kind: (typeof NORM_KINDS)[number];
  /** Norms over the hidden size in each layer: 2 usually, 4 with post-norms (gemma), 1 in falcon-7b. */
  readonly perLayer: number;
}

export interface LayerKind {
  readonly name: string;
  readonly attention: AttentionSpec;
  readonly mlp: MlpSpec;
}

export type AttentionSpec = SoftmaxAttention | LatentAttention;

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
}

/** Multi-head latent attention (DeepSeek-V2/V3, arXiv 2405.04434 section 2.1). */
export interface LatentAttention {
  readonly kind: 'latent';
  readonly heads: number;
  /** null: queries are projected directly. */
  readonly qLoraRank: number | null;
  readonly kvLoraRank: number;
  readonly qkNopeHeadDim: number;
  readonly qkRopeHeadDim: number;
  readonly vHeadDim: number;
}

export type MlpSpec = DenseMlp | MoeMlp;

export interface DenseMlp {
  readonly kind: 'dense';
  readonly ffnHiddenSize: number;
  /** Gated (SwiGLU, GeGLU): three matrices instead of two. */
  readonly gated: boolean;
  readonly bias: boolean;
}

export interface MoeMlp {
  readonly kind: 'moe';
  readonly experts: number;
  readonly topK: number;
  readonly expertFfnHiddenSize: number;
  /** Width of all shared experts together, 0 without. */
  readonly sharedFfnHiddenSize: number;
  readonly gated: boolean;
  readonly expertBias: boolean;
  readonly routerBias: boolean;
  /** The score-correction bias buffer of auxiliary-loss-free balancing (DeepSeek-V3), counted as Hugging Face does. */
  readonly correctionBias: boolean;
  /** A sigmoid gate on the shared expert (qwen2_moe). */
  readonly sharedGate: boolean;
}

export function isMoe(model: ModelSpec): boolean {
  return model.kinds.some((kind) => kind.mlp.kind === 'moe');
}
