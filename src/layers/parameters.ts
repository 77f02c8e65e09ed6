import type { ModelSpec } from '../domain/model.ts';
import type { Stack } from '../domain/stack.ts';
import { coefficients } from '../hardware/coefficients.ts';
import { remembered, rememberedOf } from '../units/remembered.ts';
import { embeddingOperators } from './embedding.ts';
import { layerOperators } from './layer.ts';
import { predictionOperators } from './multi-token-prediction.ts';
import type { LayerContext, Operator } from './operator.ts';
import { outputOperators } from './output.ts';
import { TOWERS } from './towers.ts';
import { parametersOf, type Weight } from './weight.ts';

/** Exact, part by part; equal to what the reference implementations instantiate. */
export interface ParameterCount {
  readonly embedding: number;
  readonly positions: number;
  readonly embeddingNorm: number;
  readonly kinds: readonly {
    readonly name: string;
    readonly layers: number;
    /** By part of the layer, as its operators name them. */
    readonly perLayer: Readonly<Record<string, number>>;
  }[];
  readonly finalNorm: number;
  readonly lmHead: number;
  /** Multi-token-prediction modules, not part of `total`. */
  readonly multiTokenPrediction: number;
  /** Embeddings and heads that a checkpoint stores again for each of them: shared in training, never counted twice. */
  readonly storedCopies: number;
  /** Towers of a multimodal model apart. */
  readonly total: number;
  /** Used for each token: topK of the routed experts. */
  readonly active: number;
}

export function countParameters(model: ModelSpec): ParameterCount {
  const context = wholeModel(model, 1);
  const { [TOWERS]: _, ...ends } = byPart([...embeddingOperators(context), ...outputOperators(context)]);
  const kinds = model.kinds.map((kind, index) => {
    const operators = layerOperators(kind, context);
    return {
      name: kind.name,
      layers: model.layers.filter((k) => k === index).length,
      perLayer: byPart(operators),
      active: sum(operators, activeParameters),
    };
  });
  const outside = sum(Object.values(ends), (count) => count);
  const total = outside + sum(kinds, ({ layers, perLayer }) => layers * sumOfLayer(perLayer));
  const beside = sum(predictionOperators(context), ({ weights }) => sum(weights, parametersOf));
  return {
    embedding: ends.embedding ?? 0,
    positions: ends.positions ?? 0,
    embeddingNorm: ends.embeddingNorm ?? 0,
    kinds: kinds.map(({ name, layers, perLayer }) => ({ name, layers, perLayer })),
    finalNorm: ends.finalNorm ?? 0,
    lmHead: ends.lmHead ?? 0,
    multiTokenPrediction: model.mtpLayers * (beside + sumOfLayer(kinds[lastKind(model)]!.perLayer)),
    storedCopies: model.mtpLayers * 2 * model.vocabSize * model.hiddenSize,
    total,
    active: outside + sum(kinds, ({ layers, active }) => layers * active),
  };
}

/** Of all, those that are trained. */
export function countTrainable(model: ModelSpec): number {
  return sumOverWeights(model, ({ trainable }) => (trainable ? 1 : 0));
}

/** Of all parameters, each once, what a function says of one of a weight; modules that predict further tokens apart. */
export function sumOverWeights(model: ModelSpec, of: (weight: Weight) => number): number {
  const all = (weights: readonly Weight[]) =>
    sum(weights, (weight) => (weight.tied ? 0 : parametersOf(weight) * of(weight)));
  const { kinds, embedding, head } = weightsByPlace(model);
  const each = kinds.map(all);
  return all(embedding) + all(head) + sum(model.layers, (kind) => each[kind]!);
}

/** What layers of each kind and the ends of the model own. */
export function weightsByPlace(
  model: ModelSpec,
): Readonly<Record<'embedding' | 'head', readonly Weight[]>> & { readonly kinds: readonly Weight[][] } {
  const context = wholeModel(model, 1);
  const of = (operators: readonly Operator[]) => operators.flatMap(({ weights }) => weights);
  return {
    kinds: model.kinds.map((kind) => of(layerOperators(kind, context))),
    embedding: of(embeddingOperators(context)),
    head: of(outputOperators(context)),
  };
}

export function sumOfLayer(perLayer: ParameterCount['kinds'][number]['perLayer']): number {
  return sum(Object.values(perLayer), (count) => count);
}

/**
 * Model FLOPs of one token, forward and backward: 6 for each parameter of a matrix that the token goes through (look-ups and
 * norms are free, the LM head is not), and three times the causal scores and values of attention (Narayanan et al. 2021,
 * appendix, with causality counted). What predicts further tokens counts too. Frozen weights have no gradient: 4 of a
 * parameter, or 2 where nothing before them is trained.
 */
export function flopsPerToken(model: ModelSpec, sequenceLength: number): number {
  const known = rememberedOf(flops, model, () => new Map<number, number>());
  return remembered(known, sequenceLength, () => countFlops(model, sequenceLength));
}

const flops = new WeakMap<ModelSpec, Map<number, number>>();

function countFlops(model: ModelSpec, sequenceLength: number): number {
  const { kinds, head } = flopsByPart(model, sequenceLength);
  const layers = sum(model.layers, (kind) => kinds[kind]!);
  const beside = passFlops(predictionOperators(wholeModel(model, sequenceLength)));
  return layers + head + model.mtpLayers * (beside + kinds[lastKind(model)]! + head);
}

/** The same of one layer of each kind, and of the head. */
export function flopsByPart(
  model: ModelSpec,
  sequenceLength: number,
): { readonly kinds: readonly number[]; readonly head: number } {
  const context = wholeModel(model, sequenceLength);
  return {
    kinds: model.kinds.map((kind) => passFlops(layerOperators(kind, context))),
    head: passFlops(outputOperators(context)),
  };
}

/** The kind of layer that modules of multi-token prediction repeat. */
export function lastKind({ layers, predictionKind }: ModelSpec): number {
  return predictionKind ?? layers.at(-1) ?? 0;
}

/** Forward, and what backward works out: of weights and their inputs as much each, of scores and values twice as much. */
function passFlops(operators: readonly Operator[]): number {
  return sum(operators, ({ weights, gradients = 'both', scoreFlops = 0 }) => {
    const products = sum(weights, (one) =>
      one.role === 'matrix' || one.role === 'head' ? 2 * throughOf(one) : 0,
    );
    return (gradients === 'none' ? 1 : 3) * scoreFlops + PRODUCTS[gradients] * products;
  });
}

const PRODUCTS = { both: 3, input: 2, none: 1 } as const;

function activeParameters({ weights }: Operator): number {
  return sum(weights, throughOf);
}

/** Parameters that one token goes through. */
function throughOf({ rows, columns, active }: Weight): number {
  return rows * columns * active;
}

function byPart(operators: readonly Operator[]): Record<string, number> {
  const parts: Record<string, number> = {};
  for (const { weights } of operators)
    for (const weight of weights)
      if (!weight.tied) parts[weight.part] = (parts[weight.part] ?? 0) + parametersOf(weight);
  return parts;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** The whole model on one GPU, one sequence: for questions that no split and no stack changes. */
export function wholeModel(model: ModelSpec, sequence: number): LayerContext {
  return {
    model,
    stack: ANY_STACK,
    c: coefficients(),
    local: {
      tokens: sequence,
      sequence,
      microBatch: 1,
      tensorParallel: 1,
      contextParallel: 1,
      expertParallel: 1,
      expertTensorParallel: 1,
      expertImbalance: null,
      sequenceParallel: false,
      vocabularyShards: 1,
      vocabularyRows: model.vocabSize,
      contextExchange: 'stack',
      expertExchange: 'linear',
      gathersExperts: false,
      loss: 'stack',
      elementBytes: 2,
      linearInputBytes: 2,
    },
  };
}

/** Operators want a stack for their kernels; weights and model FLOPs are the same on all. */
const ANY_STACK: Stack = {
  id: 'any',
  name: 'any',
  attentionKernel: 'flash2',
  dropoutMasks: false,
  lossKernel: 'fused-native',
  metricLosses: 0,
  fusedActivation: true,
  compiled: false,
  state: { weights: 2, gradients: 4, master: 4, moment: 4 },
  gradAccumulationFusion: true,
  cudaGraphs: 'none',
  moeDispatcher: 'alltoall',
  routing: 'balanced',
  contextExchange: 'ring',
  overlap: { dataParallel: 0, tensorParallel: 0, contextParallel: 0, expertParallel: 0, pipeline: 0 },
  host: { secondsPerUnit: 0, secondsPerStep: 0 },
  allocator: { reservedOverAllocated: 1, contextBytes: 0, bytesPerCommunicator: 0 },
  vocabularyPadding: 1,
  extraResiduals: 0,
  keepsPipelineOutputs: false,
  fullySharded: false,
  shardedTraffic: 'all-nics',
  timeMultiplier: { value: 1, width: 0 },
};
