import { InputError } from '../../domain/input-error.ts';
import type { LayerKind, LayerPart, ModelSpec } from '../../domain/model.ts';
import type { Activation, DenseMlp } from '../../layers/ffn/dense.ts';
import { moe } from '../../layers/ffn/moe.ts';
import { latent } from '../../layers/mixers/latent.ts';
import { type SoftmaxAttention, softmax, softmaxAttention } from '../../layers/mixers/softmax.ts';
import type { Fields } from './fields.ts';

/** How one Hugging Face `model_type` is read. A new family is a file in families/ and a line in its index.ts. */
export interface Family {
  readonly types: readonly string[];
  /** Sizes of its class, which a decoder inside a multimodal config leaves out. */
  readonly sizes?: Readonly<Record<string, unknown>>;
  /** Keys that speak of other layers than attention and MLPs, which it reads; left out: none. */
  readonly foreign?: readonly string[];
  read(fields: Fields, name: string): ModelSpec;
}

/** Query, key and value heads as most families name them. */
export function attentionOf(f: Fields, options: Partial<SoftmaxAttention> = {}): SoftmaxAttention {
  const hidden = f.count('hidden_size');
  const heads = f.count('num_attention_heads');
  if (!f.has('head_dim') && options.headDim === undefined && hidden % heads !== 0) {
    throw f.odd('num_attention_heads', heads, `a divisor of hidden_size ${hidden}, or head_dim stated`);
  }
  const kvHeads = options.kvHeads ?? f.count('num_key_value_heads', heads);
  if (heads % kvHeads !== 0)
    throw f.odd('num_key_value_heads', kvHeads, `a divisor of num_attention_heads ${heads}`);
  const bias = f.flag('attention_bias', false);
  return softmaxAttention(heads, f.count('head_dim', options.headDim ?? hidden / heads), {
    kvHeads,
    qkvBias: bias,
    outBias: bias,
    ...options,
  });
}

/** Norms on queries and keys, of each head by itself with one weight for all. */
export function normsOfHeads(plain: SoftmaxAttention): SoftmaxAttention {
  return { ...plain, qkNormParameters: 2 * plain.headDim };
}

/** Norms over the whole of queries and of keys, or of each head with its own weight. */
export function normsOfAllHeads(plain: SoftmaxAttention): SoftmaxAttention {
  return { ...plain, qkNormParameters: (plain.heads + plain.kvHeads) * plain.headDim };
}

const ACTIVATION_KEYS = ['hidden_act', 'hidden_activation', 'activation_function'];

/** Transformers' names (activations.py, ACT2FN), as far as they are arithmetic without weights of its own. */
const ACTIVATION_NAMES: Readonly<Record<string, Activation>> = {
  ...{ silu: 'silu', swish: 'silu', swiglu: 'silu' },
  ...{ gelu: 'gelu', gelu_new: 'gelu', gelu_fast: 'gelu', gelu_pytorch_tanh: 'gelu', gelu_10: 'gelu' },
  ...{
    quick_gelu: 'gelu',
    gelu_python: 'gelu',
    gelu_python_tanh: 'gelu',
    relu: 'relu',
    relu2: 'squared-relu',
    xielu: 'xielu',
  },
};

/** What the config says; left out of the part where it is usual of its matrices. */
export function activationOf(
  f: Fields,
  gated: boolean,
  usual: Activation = gated ? 'silu' : 'gelu',
): { readonly activation?: Activation } {
  const key = ACTIVATION_KEYS.find((one) => f.has(one));
  const said = key === undefined ? usual : ACTIVATION_NAMES[String(f.valueOf(key))];
  if (said === undefined)
    throw f.odd(key!, f.valueOf(key!), `one of ${Object.keys(ACTIVATION_NAMES).join(', ')}`);
  return said === (gated ? 'silu' : 'gelu') ? {} : { activation: said };
}

export function gatedMlp(f: Fields, bias = false, usual: Activation = 'silu'): DenseMlp {
  const ffnHiddenSize = f.count('intermediate_size');
  return { kind: 'dense', ffnHiddenSize, gated: true, bias, ...activationOf(f, true, usual) };
}

/** Two matrices, `times` the hidden size wide where the config does not say. */
export function plainMlp(f: Fields, bias: boolean, usual: Activation = 'gelu', times?: number): DenseMlp {
  const width = times === undefined ? undefined : times * f.count('hidden_size');
  const ffnHiddenSize = f.count('intermediate_size', width);
  return { kind: 'dense', ffnHiddenSize, gated: false, bias, ...activationOf(f, false, usual) };
}

/** Factors on activations, scores or logits that a config states, other than 1. */
export function scalings(f: Fields, keys: readonly string[]): readonly string[] {
  const stated = keys.filter((key) => f.has(key) && f.valueOf(key) !== 1 && f.valueOf(key) !== false);
  return stated.map((key) => `${key} ${JSON.stringify(f.valueOf(key))}`);
}

/** What a family fills in; the rest is the same everywhere. */
export interface Parts
  extends Pick<
    ModelSpec,
    'headBias' | 'logitSoftCap' | 'embeddingNorm' | 'parallelResidual' | 'alibi' | 'beyondSizes'
  > {
  readonly attention: LayerPart;
  readonly mlp: LayerPart;
  /** Overrides for single layers: which kind layer i is; null: it has no such part. */
  readonly layer?: (index: number) => { attention?: LayerPart | null; mlp?: LayerPart | null };
  /** The layer of modules that predict further tokens, where it is not as the last. */
  readonly predicts?: { readonly attention: LayerPart; readonly mlp: LayerPart };
  readonly tied?: boolean;
  readonly norm?: ModelSpec['norm'];
  readonly learnedPositions?: number;
  readonly mtpLayers?: number;
}

export function build(f: Fields, name: string, family: string, parts: Parts): ModelSpec {
  const count = f.count('num_hidden_layers');
  const kinds: LayerKind[] = [];
  const layers: number[] = [];
  const kindOf = (mixer: LayerPart | null, ffn: LayerPart | null): number => {
    if (ffn !== null) refuseTooFew(f, ffn);
    const kind = kinds.findIndex((k) => k.mixer === mixer && k.ffn === ffn);
    if (kind >= 0) return kind;
    const name = nameOf(mixer, ffn);
    const before = kinds.filter((one) => one.name.replace(/ \d+$/, '') === name).length;
    return kinds.push({ name: before === 0 ? name : `${name} ${before + 1}`, mixer, ffn }) - 1;
  };
  for (let i = 0; i < count; i++) {
    const { attention = parts.attention, mlp = parts.mlp } = parts.layer?.(i) ?? {};
    layers.push(kindOf(attention, mlp));
  }
  const { beyondSizes = [], predicts } = parts;
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
    ...(predicts === undefined ? {} : { predictionKind: kindOf(predicts.attention, predicts.mlp) }),
    ...(parts.headBias === true ? { headBias: true } : {}),
    ...(parts.logitSoftCap === true ? { logitSoftCap: true } : {}),
    ...(parts.embeddingNorm === true ? { embeddingNorm: true } : {}),
    ...(parts.parallelResidual === true ? { parallelResidual: true } : {}),
    ...(parts.alibi === true ? { alibi: true } : {}),
    ...(beyondSizes.length > 0 ? { beyondSizes } : {}),
    ...(f.has('max_position_embeddings') ? { maxSequenceLength: f.count('max_position_embeddings') } : {}),
  };
}

const TOP_K = [
  'num_experts_per_tok',
  'num_experts_per_token',
  'experts_per_token',
  'moe_topk',
  'moe_top_k',
  'moe_k',
  'top_k_experts',
];

function refuseTooFew(f: Fields, ffn: LayerPart): void {
  if (!moe.is(ffn) || ffn.topK <= ffn.experts) return;
  const key = TOP_K.find((one) => f.has(one));
  if (key !== undefined) throw f.odd(key, f.valueOf(key), `at most ${ffn.experts}, the experts there are`);
  throw new InputError({
    message: `each token goes to ${ffn.topK} experts of ${ffn.experts}`,
    expected: 'no more than there are',
    at: { file: f.file },
  });
}

/** By its MLP, and what mixes tokens where that is not plain attention; a part that stands alone by itself. */
function nameOf(mixer: LayerPart | null, ffn: LayerPart | null): string {
  if (ffn === null) return mixer?.kind ?? 'empty';
  return `${ffn.kind}${mixer === null ? '' : told(mixer)}`;
}

/** What tells layers of one kind of MLP apart. */
function told(mixer: LayerPart): string {
  if (latent.is(mixer)) return '';
  if (!softmax.is(mixer)) return `-${mixer.kind}`;
  const sliding = mixer.slidingWindow === null ? '' : '-sliding';
  return `${sliding}${mixer.chunk === undefined ? '' : '-chunked'}${mixer.rope === false ? '-nope' : ''}`;
}
