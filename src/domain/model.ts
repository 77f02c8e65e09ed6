import type { Trained, Training } from './training.ts';

/**
 * The model as a sequence of decoder layers, each of one of a few kinds. A dense GPT has one kind; DeepSeek-V3 has
 * two (dense, MoE); gpt-oss has two (sliding window, full attention). Costs are computed once per kind.
 */
export interface ModelSpec {
  readonly name: string;
  /** Hugging Face `model_type`, or a name of our own (`megatron-gpt`). */
  readonly family: string;
  /** Hugging Face `model_type` as the config has it; left out: not read from one. */
  readonly modelType?: string;
  /** 0: there is no residual stream. */
  readonly hiddenSize: number;
  /** 0: neither embedding nor head; both are layers like others, where there are any. */
  readonly vocabSize: number;
  /** What a step is counted in where nothing of it is a sequence; left out: tokens of sequences. */
  readonly unit?: 'samples';
  readonly tiedEmbeddings: boolean;
  /** Rows of a learned position table; 0 for rotary or none. */
  readonly learnedPositions: number;
  readonly norm: NormSpec;
  /** The distinct layer kinds. */
  readonly kinds: readonly LayerKind[];
  /** For each layer, the index of its kind. */
  readonly layers: readonly number[];
  /** Multi-token-prediction modules after the last layer (DeepSeek-V3); each is one layer plus projections. */
  readonly mtpLayers: number;
  /** The kind of that layer, which no other need be of (nemotron_h); left out: as the last one. */
  readonly predictionKind?: number;
  /** A bias on the vocabulary projection (phimoe, phi, gptj). */
  readonly headBias?: boolean;
  /** Logits are c·tanh(logits/c): a copy of them more (gemma2). */
  readonly logitSoftCap?: boolean;
  /** A norm on what the embedding looks up (bloom). */
  readonly embeddingNorm?: boolean;
  /** Attention and MLP read the same input and are added to it together (gpt_neox, phi, cohere). */
  readonly parallelResidual?: boolean;
  /** Distances weigh on the scores of attention, and nothing is rotated (bloom, mpt; Press et al., arXiv 2108.12409). */
  readonly alibi?: boolean;
  /**
   * What its forward pass does that changes neither size nor cost (`residual_multiplier` of granite): a runtime that builds the
   * model from its sizes must know it.
   */
  readonly beyondSizes?: readonly string[];
  readonly maxSequenceLength?: number;
  /** Of a multimodal model: what stands before its decoder. */
  readonly towers?: readonly Tower[];
  /** What of it is trained; left out: everything. `asTrained` (src/layers/training) sets it, and the kinds with it. */
  readonly training?: Training;
}

/** An encoder of images or sound, whose weights are held with the embedding. */
export interface Tower {
  readonly name: string;
  /** Hugging Face's name for it. */
  readonly kind: string;
  /** Parameters of a layer and of all beside the layers; null: its kind is not known, and it is left out. */
  readonly weights: { readonly layers: number; readonly perLayer: number; readonly beside: number } | null;
  /** Left out: it is. */
  readonly trained?: boolean;
  /** What its layers are made of; left out: not known, and no time is counted. */
  readonly layers?: TowerLayers;
  /** What it sees; left out: no time is counted. */
  readonly images?: Images;
}

interface TowerLayers {
  readonly count: number;
  readonly hidden: number;
  readonly heads: number;
  readonly ffn: number;
  /** Of one image, and values of each in all channels. */
  readonly patches: number;
  readonly pixels: number;
}

interface Images {
  readonly perSequence: number;
  /** For each token that the decoder is given, padding included. */
  readonly perToken: number;
  readonly stated: boolean;
}

export const NORM_KINDS = ['rms', 'layer'] as const;

interface NormSpec {
  readonly kind: (typeof NORM_KINDS)[number];
  /** Norms over the hidden size in each layer: 2 usually, 4 with post-norms (gemma), 1 in falcon-7b. */
  readonly perLayer: number;
  /** Of layer norms; left out: they have one (cohere, dbrx: none). */
  readonly bias?: boolean;
  /** A learned weight; left out: they have one (olmo: none). */
  readonly scale?: boolean;
  /** Its two stand after attention and MLP, not before them (olmo2, exaone4). */
  readonly after?: boolean;
}

/** What mixes the tokens of a sequence, and what works on each: either may be missing. */
export interface LayerKind {
  readonly name: string;
  /** Or a whole layer that is neither (src/layers/whole). */
  readonly mixer: LayerPart | null;
  readonly ffn: LayerPart | null;
  /** Left out: all its weights. */
  readonly training?: Trained;
  /** What of it stays in 16 bits where a run computes in fewer: all, or operators by name; left out: nothing but what always does. */
  readonly wide?: 'all' | readonly string[];
}

/** A mixer or feed-forward part: the module of src/layers with this `kind` knows what else it says. */
export interface LayerPart {
  readonly kind: string;
}

/** Ten times the deepest that is published: a slip, or a file that means to exhaust us. */
export const MOST_LAYERS = 10_000;
