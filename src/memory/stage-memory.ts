import type { LayerRange } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Settings } from '../domain/stage-cost.ts';
import type { Coefficients } from '../hardware/coefficients.ts';
import { embeddingOperators, headOperators, localVocabulary, lossBytesPerLogit } from '../layers/ends.ts';
import { layerOperators } from '../layers/layer.ts';
import { type LocalShape, type Operator, residualTokens } from '../layers/operator.ts';
import { type StateParts, stateBytes } from '../techniques/optimizer-sharding.ts';
import { restoredBytes, savedBytes } from '../techniques/recompute.ts';
import {
  endParameters,
  type LocalParameters,
  layerParameters,
  predictionParameters,
} from './local-parameters.ts';
import type { StageLoad } from './stage-load.ts';
import { unshardedBytes } from './unsharded.ts';

/** A stage as memory sees it: which layers, which ends, how states are sharded. */
export interface StageExtent {
  readonly chunks: readonly LayerRange[];
  readonly first: boolean;
  readonly last: boolean;
  readonly pipelineStages: number;
  /** Ranks over which dense states shard, and expert states. */
  readonly shards: number;
  readonly expertShards: number;
}

/** Saved, restored and transient bytes of one layer kind, one micro-batch, one GPU. */
export interface LayerMemory {
  readonly saved: number;
  readonly restored: number;
  readonly transient: number;
  readonly parameters: LocalParameters;
}

export function layerMemory(
  problem: Problem,
  settings: Settings,
  local: LocalShape,
  kind: number,
  c: Coefficients,
): LayerMemory {
  const { model, stack } = problem;
  const operators = layerOperators(model, model.kinds[kind]!, local, stack, c);
  const input = local.elementBytes * residualTokens(local) * model.hiddenSize;
  return {
    saved:
      savedBytes(operators, settings.recompute, input) +
      (settings.recompute.mode === 'full' ? 0 : stack.extraResiduals * input),
    restored: restoredBytes(operators, settings.recompute, input),
    transient: widest(operators),
    parameters: layerParameters(model, kind, local),
  };
}

function widest(operators: readonly Operator[]): number {
  return operators.reduce((most, operator) => Math.max(most, operator.backwardBytes), 0);
}

/** The load of one GPU of a stage. `byKind` holds layerMemory of every layer kind. */
export function stageLoad(
  problem: Problem,
  settings: Settings,
  local: LocalShape,
  extent: StageExtent,
  byKind: readonly LayerMemory[],
  c: Coefficients,
): StageLoad {
  const { model, stack } = problem;
  let dense = 0;
  let expert = 0;
  let widestLayer = 0;
  let restored = 0;
  let transient = 0;
  let budget = settings.recompute.layersPerStage ?? Number.POSITIVE_INFINITY;
  const activationsByChunk: number[] = [];
  for (const chunk of extent.chunks) {
    let bytes = 0;
    for (let layer = chunk.first; layer < chunk.end; layer++) {
      const kind = model.layers[layer] ?? 0;
      const memory = byKind[kind]!;
      dense += memory.parameters.dense;
      expert += memory.parameters.expert;
      widestLayer = Math.max(widestLayer, memory.parameters.dense + memory.parameters.expert);
      bytes += budget > 0 ? memory.saved : memory.saved + memory.restored;
      budget -= 1;
      restored = Math.max(restored, memory.restored);
      transient = Math.max(transient, memory.transient);
    }
    // The stage's output, whole on every tensor-parallel rank.
    if (stack.keepsPipelineOutputs && extent.pipelineStages > 1)
      bytes += local.elementBytes * local.tokens * model.hiddenSize;
    activationsByChunk.push(bytes);
  }
  const ends = endParameters(model, stack, local, extent);
  if (extent.last) {
    const prediction = predictionParameters(model, local);
    dense += prediction.dense;
    expert += prediction.expert;
  }
  const sharding = settings.optimizerSharding;
  const state = add(
    stateBytes(dense + ends.total, stack.state, sharding, extent.shards),
    stateBytes(expert, stack.state, sharding, extent.expertShards),
  );
  if (extent.first) {
    const embedding = embeddingOperators(model, local, stack);
    activationsByChunk[0] = (activationsByChunk[0] ?? 0) + savedBytes(embedding, NONE, 0);
  }
  let lossSaved = 0;
  let lossTransient = 0;
  if (extent.last) {
    const head = headOperators(model, local, stack, c);
    const last = activationsByChunk.length - 1;
    const logits = local.tokens * localVocabulary(model, stack, local);
    const perLogit = lossBytesPerLogit(stack);
    // Each prediction module has its own logits, and a layer of the last kind.
    const losses = 1 + model.mtpLayers;
    lossSaved = losses * perLogit.saved * logits;
    lossTransient = head.reduce((sum, operator) => sum + operator.backwardBytes, 0);
    const prediction = model.mtpLayers * byKind[model.layers.at(-1) ?? 0]!.saved;
    activationsByChunk[last] =
      (activationsByChunk[last] ?? 0) +
      losses * (savedBytes(head, NONE, 0) - perLogit.saved * logits) +
      prediction;
  }
  const unsharded = unshardedBytes(settings, stack, extent, {
    widestLayer,
    root: ends.total,
    stage: dense + expert + ends.total,
  });
  return {
    state: {
      ...state,
      weights: state.weights + unsharded.weights,
      gradients: state.gradients + unsharded.gradients,
    },
    activationsByChunk,
    lossSaved,
    lossTransient,
    restored,
    backwardTransient: transient,
    gradTemporary: stack.gradAccumulationFusion ? 0 : local.elementBytes * ends.largest,
    gathered: unsharded.gathered,
    optimizerTemporary: 0,
  };
}

const NONE = { mode: 'none', modules: [], layersPerStage: null } as const;

function add(a: StateParts, b: StateParts): StateParts {
  return {
    weights: a.weights + b.weights,
    gradients: a.gradients + b.gradients,
    optimizer: a.optimizer + b.optimizer,
  };
}
