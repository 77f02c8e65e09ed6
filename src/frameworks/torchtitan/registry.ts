import type { LayerKind, ModelSpec } from '../../domain/model.ts';
import { dense } from '../../layers/ffn/dense.ts';
import { moe } from '../../layers/ffn/moe.ts';
import { softmax } from '../../layers/mixers/softmax.ts';
import { unusualOf } from '../laws/unusual.ts';

/** A flavor of `torchtitan.models.<family>.model_registry`. */
export interface TitanModel {
  readonly family: 'llama3' | 'qwen3' | 'gpt_oss';
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

const HEAD_DIM = { llama3: 128, qwen3: 128, gpt_oss: 64 } as const;
const VOCABULARY = { llama3: 128256, qwen3: 151936, gpt_oss: 201088 } as const;
/** Our families of dense and MoE models. */
const OUR_FAMILIES = {
  llama3: ['llama', null],
  qwen3: ['qwen3', 'qwen_moe'],
  gpt_oss: [null, 'gpt_oss'],
} as const;
/** Of gpt-oss: every second layer, from the first on, looks back so far. */
const WINDOW = 128;

const llama3 = (flavor: string, base: string, sizes: Sizes) => model('llama3', flavor, base, sizes);
const gptOss = (flavor: string, base: string, sizes: Sizes, more: Partial<TitanModel>) =>
  model('gpt_oss', flavor, base, sizes, more);
const qwen3 = (flavor: string, base: string, sizes: Sizes, more: Partial<TitanModel> = {}) =>
  model('qwen3', flavor, base, sizes, more);

/** torchtitan/models/{llama3,qwen3,gpt_oss}/__init__.py, between PR #4121 and #4322: the flavors with a preset or a base function there. */
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
  gptOss('20b', 'gpt_oss_20b', [2880, 24, 64, 8, 2880], { experts: { count: 32, topK: 4 } }),
  gptOss('120b', 'gpt_oss_120b', [2880, 36, 64, 8, 2880], { experts: { count: 128, topK: 4 } }),
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
  if (spec.mtpLayers > 0 || spec.learnedPositions > 0) return null;
  if (spec.norm.kind !== 'rms' || spec.norm.perLayer !== 2 || unusualOf(spec) !== null) return null;
  const same = (one: TitanModel) =>
    spec.family === OUR_FAMILIES[one.family][one.experts === null ? 0 : 1] &&
    spec.vocabSize === VOCABULARY[one.family] &&
    spec.hiddenSize === one.hiddenSize &&
    spec.layers.length === one.layers &&
    spec.tiedEmbeddings === one.tied &&
    spec.kinds.every((kind) => sameAttention(kind, one) && sameMlp(kind, one)) &&
    sameWindows(spec, one);
  return MODELS.find(same) ?? null;
}

/** Qwen3 norms q and k over each head: two weights of the head's width. Of gpt-oss all linears have biases, and each head a sink. */
function sameAttention({ mixer: a }: LayerKind, { family, heads, kvHeads }: TitanModel): boolean {
  const oss = family === 'gpt_oss';
  return (
    softmax.is(a) &&
    a.heads === heads &&
    a.kvHeads === kvHeads &&
    a.headDim === HEAD_DIM[family] &&
    a.qkNormParameters === (family === 'qwen3' ? 2 * HEAD_DIM[family] : 0) &&
    [a.qkvBias, a.outBias, a.sinks].every((one) => one === oss)
  );
}

/** A sequence no longer than the window has none. */
function sameWindows({ kinds, layers }: ModelSpec, { family }: TitanModel): boolean {
  const windows = layers.map((kind) => {
    const { mixer } = kinds[kind]!;
    return softmax.is(mixer) ? mixer.slidingWindow : null;
  });
  if (windows.every((one) => one === null)) return true;
  return family === 'gpt_oss' && windows.every((one, i) => one === (i % 2 === 0 ? WINDOW : null));
}

function sameMlp({ ffn: mlp }: LayerKind, { family, ffnHiddenSize, experts }: TitanModel): boolean {
  const oss = family === 'gpt_oss';
  if (dense.is(mlp))
    return (
      experts === null &&
      mlp.gated &&
      !mlp.bias &&
      (mlp.activation ?? 'silu') === 'silu' &&
      mlp.ffnHiddenSize === ffnHiddenSize
    );
  return (
    moe.is(mlp) &&
    experts !== null &&
    mlp.gated &&
    mlp.experts === experts.count &&
    mlp.topK === experts.topK &&
    mlp.expertFfnHiddenSize === ffnHiddenSize &&
    mlp.sharedFfnHiddenSize === 0 &&
    (mlp.activation ?? 'silu') === (oss ? 'clamped-quick-gelu' : 'silu') &&
    [mlp.expertBias, mlp.routerBias].every((one) => one === oss) &&
    !(mlp.correctionBias || mlp.sharedGate)
  );
}
