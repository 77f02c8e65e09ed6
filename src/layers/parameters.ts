import type { AttentionSpec, LayerKind, MlpSpec, ModelSpec } from '../domain/model.ts';

/** Parameters of one layer, by what parallelism does with them. */
export interface LayerParameters {
  readonly attention: number;
  readonly norms: number;
  readonly mlpDense: number;
  readonly router: number;
  readonly routedExperts: number;
  readonly sharedExperts: number;
}

/** Exact, part by part; equal to what the reference implementations instantiate. */
export interface ParameterCount {
  readonly embedding: number;
  readonly positions: number;
  readonly kinds: readonly {
    readonly name: string;
    readonly layers: number;
    readonly perLayer: LayerParameters;
  }[];
  readonly finalNorm: number;
  readonly lmHead: number;
  /** Multi-token-prediction modules, not part of `total`. */
  readonly multiTokenPrediction: number;
  readonly total: number;
  /** Used for each token: topK of the routed experts. */
  readonly active: number;
}

export function parametersOfLayer(model: ModelSpec, kind: LayerKind): LayerParameters {
  const h = model.hiddenSize;
  return {
    attention: attentionParameters(kind.attention, h),
    norms: model.norm.perLayer * normWidth(model),
    ...mlpParameters(kind.mlp, h),
  };
}

export function sumOfLayer(p: LayerParameters): number {
  return p.attention + p.norms + p.mlpDense + p.router + p.routedExperts + p.sharedExperts;
}

export function countParameters(model: ModelSpec): ParameterCount {
  const h = model.hiddenSize;
  const kinds = model.kinds.map((kind, index) => ({
    name: kind.name,
    layers: model.layers.filter((k) => k === index).length,
    perLayer: parametersOfLayer(model, kind),
  }));
  const embedding = model.vocabSize * h;
  const positions = model.learnedPositions * h;
  const finalNorm = normWidth(model);
  const headBias = model.headBias === true ? model.vocabSize : 0;
  const lmHead = (model.tiedEmbeddings ? 0 : model.vocabSize * h) + headBias;
  const stack = kinds.reduce((sum, kind) => sum + kind.layers * sumOfLayer(kind.perLayer), 0);
  const total = embedding + positions + stack + finalNorm + lmHead;
  let idle = 0;
  for (const [index, kind] of model.kinds.entries()) {
    if (kind.mlp.kind !== 'moe') continue;
    const { experts, topK } = kind.mlp;
    idle += kinds[index]!.layers * (kinds[index]!.perLayer.routedExperts / experts) * (experts - topK);
  }
  const lastKind = model.layers.at(-1) ?? 0;
  const predictor = sumOfLayer(kinds[lastKind]!.perLayer) + 2 * h * h + 3 * h + 2 * model.vocabSize * h;
  return {
    embedding,
    positions,
    kinds,
    finalNorm,
    lmHead,
    multiTokenPrediction: model.mtpLayers * predictor,
    total,
    active: total - idle,
  };
}

/**
 * Model FLOPs of one token, forward and backward: 6 per active matrix parameter (embedding look-up and norms free, LM
 * head included) and 12·heads·headDim·context/2 per layer for causal scores and values (Narayanan et al. 2021,
 * appendix, with causality counted).
 */
export function flopsPerToken(model: ModelSpec, sequenceLength: number): number {
  let flops = 6 * model.vocabSize * model.hiddenSize;
  for (const index of model.layers) {
    const kind = model.kinds[index]!;
    const p = parametersOfLayer(model, kind);
    const share = kind.mlp.kind === 'moe' ? kind.mlp.topK / kind.mlp.experts : 1;
    const matrices = p.attention + p.mlpDense + p.router + p.sharedExperts + p.routedExperts * share;
    flops += 6 * matrices + 3 * scoreFlops(kind.attention, sequenceLength);
  }
  return flops;
}

/** Forward FLOPs of scores and values for one token, causal. */
function scoreFlops(a: AttentionSpec, sequence: number): number {
  if (a.kind === 'latent') {
    return sequence * a.heads * (a.qkNopeHeadDim + a.qkRopeHeadDim + a.vHeadDim);
  }
  const reach = a.slidingWindow === null ? sequence / 2 : Math.min(sequence / 2, a.slidingWindow);
  return 4 * reach * a.heads * a.headDim;
}

function normWidth(model: ModelSpec): number {
  return model.hiddenSize * (model.norm.kind === 'layer' ? 2 : 1);
}

function attentionParameters(a: AttentionSpec, h: number): number {
  if (a.kind === 'latent') {
    const qk = a.qkNopeHeadDim + a.qkRopeHeadDim;
    const q =
      a.qLoraRank === null ? h * a.heads * qk : h * a.qLoraRank + a.qLoraRank + a.qLoraRank * a.heads * qk;
    const kv =
      h * (a.kvLoraRank + a.qkRopeHeadDim) +
      a.kvLoraRank +
      a.kvLoraRank * a.heads * (a.qkNopeHeadDim + a.vHeadDim);
    return q + kv + a.heads * a.vHeadDim * h;
  }
  const q = a.heads * a.headDim;
  const kv = a.kvHeads * a.headDim;
  const bias = (a.qkvBias ? q + 2 * kv : 0) + (a.outBias ? h : 0);
  return 2 * h * q + 2 * h * kv + bias + a.qkNormParameters + (a.sinks ? a.heads : 0);
}

function mlpParameters(mlp: MlpSpec, h: number) {
  const none = { mlpDense: 0, router: 0, routedExperts: 0, sharedExperts: 0 };
  if (mlp.kind === 'dense') {
    const up = mlp.gated ? 2 : 1;
    const bias = mlp.bias ? up * mlp.ffnHiddenSize + h : 0;
    return { ...none, mlpDense: (up + 1) * h * mlp.ffnHiddenSize + bias };
  }
  const up = mlp.gated ? 2 : 1;
  const f = mlp.expertFfnHiddenSize;
  const expert = (up + 1) * h * f + (mlp.expertBias ? up * f + h : 0);
  const router =
    h * mlp.experts + (mlp.routerBias ? mlp.experts : 0) + (mlp.correctionBias ? mlp.experts : 0);
  const shared = (up + 1) * h * mlp.sharedFfnHiddenSize + (mlp.sharedGate ? h : 0);
  return { ...none, router, routedExperts: mlp.experts * expert, sharedExperts: shared };
}
