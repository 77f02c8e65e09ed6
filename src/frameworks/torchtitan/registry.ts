import type { LayerKind, ModelSpec } from '../../domain/model.ts';
import { dense } from '../../layers/ffn/dense.ts';
import { moe } from '../../layers/ffn/moe.ts';
import { softmax } from '../../layers/mixers/softmax.ts';
import { allSwiglu, unusualOf } from '../laws/unusual.ts';

/** A flavor of `torchtitan.models.<family>.model_registry`. */
export interface TitanModel {
  readonly family: 'llama3' | 'qwen3';
  readonly flavor: string;
  /** The function of its config_registry that the recipe starts from. */
  readonly base: string;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  /** Of the dense MLP, or of one expert. */
  readonly ffnHiddenSize: number;
  /** Embedding and head are one weight, which no pipeline can part. */
  readonly tied: boolean;
  /** null: dense. */
  readonly experts: { readonly count: number; readonly topK: number } | null;
}

type Sizes = readonly [hiddenSize: number, layers: number, heads: number, kvHeads: number, ffn: number];

const HEAD_DIM = 128;
const VOCABULARY = { llama3: 128256, qwen3: 151936 } as const;
/** Our families of dense and MoE models. */
const OUR_FAMILIES = { llama3: ['llama', null], qwen3: ['qwen3', 'qwen_moe'] } as const;

const llama3 = (flavor: string, base: string, sizes: Sizes) => model('llama3', flavor, base, sizes);
const qwen3 = (flavor: string, base: string, sizes: Sizes, more: Partial<TitanModel> = {}) =>
  model('qwen3', flavor, base, sizes, more);

/** torchtitan/models/{llama3,qwen3}/__init__.py, between PR #4121 and #4322: the flavors with a preset or a base function there. */
export const MODELS: readonly TitanModel[] = [
  llama3('8B', 'llama3_8b', [4096, 32, 32, 8, 14336]),
  llama3('70B', 'llama3_70b', [8192, 80, 64, 8, 28672]),
  llama3('405B', 'llama3_405b', [16384, 126, 128, 8, 53248]),
  qwen3('0.6B', 'qwen3_0_6b', [1024, 28, 16, 8, 3072], { tied: true }),
  qwen3('1.7B', 'qwen3_1_7b', [2048, 28, 16, 8, 6144], { tied: true }),
  qwen3('8B', 'qwen3_14b', [4096, 36, 32, 8, 12288]),
  qwen3('14B', 'qwen3_14b', [5120, 40, 40, 8, 17408]),
  qwen3('32B', 'qwen3_32b', [5120, 64, 64, 8, 25600]),
  qwen3('30B-A3B', 'qwen3_30b_a3b', [2048, 48, 32, 4, 768], { experts: { count: 128, topK: 8 } }),
  qwen3('235B-A22B', 'qwen3_30b_a3b', [4096, 94, 64, 4, 1536], { experts: { count: 128, topK: 8 } }),
];

function model(
  family: TitanModel['family'],
  flavor: string,
  base: string,
  [hiddenSize, layers, heads, kvHeads, ffnHiddenSize]: Sizes,
  more: Partial<TitanModel> = {},
): TitanModel {
  const sizes = { hiddenSize, layers, heads, kvHeads, ffnHiddenSize };
  return { family, flavor, base, ...sizes, tied: false, experts: null, ...more };
}

/** The flavor that is this model in every size; null: torchtitan's registry has none. */
export function titanModelOf(spec: ModelSpec): TitanModel | null {
  const [kind, ...others] = spec.kinds;
  if (kind === undefined || others.length > 0 || spec.mtpLayers > 0 || spec.learnedPositions > 0) return null;
  if (spec.norm.kind !== 'rms' || spec.norm.perLayer !== 2) return null;
  if (unusualOf(spec) !== null || !allSwiglu(spec)) return null;
  const same = (one: TitanModel) =>
    spec.family === OUR_FAMILIES[one.family][one.experts === null ? 0 : 1] &&
    spec.vocabSize === VOCABULARY[one.family] &&
    spec.hiddenSize === one.hiddenSize &&
    spec.layers.length === one.layers &&
    spec.tiedEmbeddings === one.tied &&
    sameAttention(kind, one) &&
    sameMlp(kind, one);
  return MODELS.find(same) ?? null;
}

/** Qwen3 norms q and k over each head: two weights of the head's width. */
function sameAttention({ mixer: a }: LayerKind, { family, heads, kvHeads }: TitanModel): boolean {
  return (
    softmax.is(a) &&
    a.heads === heads &&
    a.kvHeads === kvHeads &&
    a.headDim === HEAD_DIM &&
    a.qkNormParameters === (family === 'qwen3' ? 2 * HEAD_DIM : 0) &&
    a.slidingWindow === null &&
    !(a.qkvBias || a.outBias || a.sinks)
  );
}

function sameMlp({ ffn: mlp }: LayerKind, { ffnHiddenSize, experts }: TitanModel): boolean {
  if (dense.is(mlp)) return experts === null && mlp.gated && !mlp.bias && mlp.ffnHiddenSize === ffnHiddenSize;
  return (
    moe.is(mlp) &&
    experts !== null &&
    mlp.gated &&
    mlp.experts === experts.count &&
    mlp.topK === experts.topK &&
    mlp.expertFfnHiddenSize === ffnHiddenSize &&
    mlp.sharedFfnHiddenSize === 0 &&
    !(mlp.expertBias || mlp.routerBias || mlp.correctionBias || mlp.sharedGate)
  );
}
