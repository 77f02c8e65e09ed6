import type {
  AttentionSpec,
  DenseMlp,
  LayerKind,
  MlpSpec,
  ModelSpec,
  MoeMlp,
  SoftmaxAttention,
} from '../../domain/model.ts';
import type { Fields } from './fields.ts';

/** How one Hugging Face `model_type` is read. A new family is one entry in a family file. */
export interface Family {
  readonly types: readonly string[];
  read(fields: Fields, name: string): ModelSpec;
}

/** Query, key and value heads as most families name them. */
export function attentionOf(f: Fields, options: Partial<SoftmaxAttention> = {}): SoftmaxAttention {
  const hidden = f.count('hidden_size');
  const heads = f.count('num_attention_heads');
  if (!f.has('head_dim') && options.headDim === undefined && hidden % heads !== 0) {
    throw f.odd('num_attention_heads', heads, `a divisor of hidden_size ${hidden}, or head_dim stated`);
  }
  const bias = f.flag('attention_bias', false);
  return {
    kind: 'softmax',
    heads,
    kvHeads: f.count('num_key_value_heads', heads),
    headDim: f.count('head_dim', options.headDim ?? hidden / heads),
    qkvBias: bias,
    outBias: bias,
    qkNormParameters: 0,
    sinks: false,
    slidingWindow: null,
    ...options,
  };
}

export function gatedMlp(f: Fields, bias = false): DenseMlp {
  return { kind: 'dense', ffnHiddenSize: f.count('intermediate_size'), gated: true, bias };
}

export function experts(
  experts_: number,
  topK: number,
  width: number,
  options: Partial<MoeMlp> = {},
): MoeMlp {
  return {
    kind: 'moe',
    experts: experts_,
    topK,
    expertFfnHiddenSize: width,
    sharedFfnHiddenSize: 0,
    gated: true,
    expertBias: false,
    routerBias: false,
    correctionBias: false,
    sharedGate: false,
    ...options,
  };
}

/** What a family fills in; the rest is the same everywhere. */
export interface Parts {
  readonly attention: AttentionSpec;
  readonly mlp: MlpSpec;
  /** Overrides for single layers: which kind layer i is. */
  readonly layer?: (index: number) => { attention?: AttentionSpec; mlp?: MlpSpec };
  readonly tied?: boolean;
  readonly norm?: ModelSpec['norm'];
  readonly learnedPositions?: number;
  readonly mtpLayers?: number;
  readonly headBias?: boolean;
}

export function build(f: Fields, name: string, family: string, parts: Parts): ModelSpec {
  const count = f.count('num_hidden_layers');
  const kinds: LayerKind[] = [];
  const layers: number[] = [];
  for (let i = 0; i < count; i++) {
    const special = parts.layer?.(i) ?? {};
    const attention = special.attention ?? parts.attention;
    const mlp = special.mlp ?? parts.mlp;
    let kind = kinds.findIndex((k) => k.attention === attention && k.mlp === mlp);
    if (kind < 0) {
      const window = attention.kind === 'softmax' && attention.slidingWindow !== null ? '-sliding' : '';
      kinds.push({ name: `${mlp.kind}${window}`, attention, mlp });
      kind = kinds.length - 1;
    }
    layers.push(kind);
  }
  return {
    name,
    family,
    hiddenSize: f.count('hidden_size'),
    vocabSize: f.count('vocab_size'),
    tiedEmbeddings: f.flag('tie_word_embeddings', parts.tied ?? false),
    learnedPositions: parts.learnedPositions ?? 0,
    norm: parts.norm ?? { kind: 'rms', perLayer: 2 },
    kinds,
    layers,
    mtpLayers: parts.mtpLayers ?? 0,
    ...(parts.headBias === true ? { headBias: true } : {}),
    ...(f.has('max_position_embeddings') ? { maxSequenceLength: f.count('max_position_embeddings') } : {}),
  };
}
