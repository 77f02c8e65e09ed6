import type { ModelSpec } from '../domain/model.ts';
import type { Stack } from '../domain/stack.ts';
import { localVocabulary } from '../layers/ends.ts';
import type { LocalShape } from '../layers/operator.ts';
import { parametersOfLayer } from '../layers/parameters.ts';

/** Parameters of one GPU: dense ones shard over data × context parallel, experts over expert-data parallel. */
export interface LocalParameters {
  readonly dense: number;
  readonly expert: number;
}

/** Linear layers divide by tp; norms and the router are replicated; routed experts divide by ep · etp. */
export function layerParameters(model: ModelSpec, kind: number, local: LocalShape): LocalParameters {
  const p = parametersOfLayer(model, model.kinds[kind]!);
  const split = p.attention + p.mlpDense + p.sharedExperts;
  return {
    dense: split / local.tensorParallel + p.norms + p.router,
    expert: p.routedExperts / (local.expertParallel * local.expertTensorParallel),
  };
}

/**
 * Multi-token-prediction modules beside the last stage's layers: each a layer of the last kind, a projection of two
 * hidden states to one, and three norms; embedding and head are shared with the model's own (DeepSeek-V3, section 2.2).
 */
export function predictionParameters(model: ModelSpec, local: LocalShape): LocalParameters {
  if (model.mtpLayers === 0) return { dense: 0, expert: 0 };
  const layer = layerParameters(model, model.layers.at(-1) ?? 0, local);
  const h = model.hiddenSize;
  return {
    dense: model.mtpLayers * (layer.dense + (2 * h * h) / local.tensorParallel + 3 * h),
    expert: model.mtpLayers * layer.expert,
  };
}

export interface EndParameters {
  readonly total: number;
  /** Of the largest single matrix. */
  readonly largest: number;
}

/** Embedding and positions on the first stage, final norm and head on the last; a tied head is stored on both. */
export function endParameters(
  model: ModelSpec,
  stack: Stack,
  local: LocalShape,
  at: { readonly first: boolean; readonly last: boolean },
): EndParameters {
  const matrix = localVocabulary(model, stack, local) * model.hiddenSize;
  const norm = model.hiddenSize * (model.norm.kind === 'layer' ? 2 : 1);
  let total = 0;
  if (at.first) total += matrix + (model.learnedPositions * model.hiddenSize) / local.vocabularyShards;
  if (at.last) total += norm + (model.tiedEmbeddings && at.first ? 0 : matrix);
  return { total, largest: at.first || at.last ? matrix : 0 };
}
