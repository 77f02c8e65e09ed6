import type { LayerKind, LayerPart, ModelSpec } from '../../domain/model.ts';
import type { DenseMlp } from '../../layers/ffn/dense.ts';
import { type SoftmaxAttention, softmax, softmaxAttention } from '../../layers/mixers/softmax.ts';
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
  return softmaxAttention(heads, f.count('head_dim', options.headDim ?? hidden / heads), {
    kvHeads: f.count('num_key_value_heads', heads),
    qkvBias: bias,
    outBias: bias,
    ...options,
  });
}

export function gatedMlp(f: Fields, bias = false): DenseMlp {
  return { kind: 'dense', ffnHiddenSize: f.count('intermediate_size'), gated: true, bias };
}

/** What a family fills in; the rest is the same everywhere. */
export interface Parts {
  readonly attention: LayerPart;
  readonly mlp: LayerPart;
  /** Overrides for single layers: which kind layer i is. */
  readonly layer?: (index: number) => { attention?: LayerPart; mlp?: LayerPart };
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
    const mixer = special.attention ?? parts.attention;
    const ffn = special.mlp ?? parts.mlp;
    let kind = kinds.findIndex((k) => k.mixer === mixer && k.ffn === ffn);
    if (kind < 0) {
      const window = softmax.is(mixer) && mixer.slidingWindow !== null ? '-sliding' : '';
      kinds.push({ name: `${ffn.kind}${window}`, mixer, ffn });
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
