import type { MlpSpec } from '../domain/model.ts';
import type { Problem } from '../domain/problem.ts';
import type { Settings, Shape } from '../domain/stage-cost.ts';
import type { Span } from '../hardware/span.ts';
import { embeddingOperators, headOperators } from '../layers/ends.ts';
import { layerOperators } from '../layers/layer.ts';
import { residualTokens } from '../layers/operator.ts';
import { type LayerMemory, layerMemory } from '../memory/layer-memory.ts';
import { type CostContext, costContext } from './context.ts';
import { addShardedTraffic } from './fully-sharded.ts';
import { type LayerTime, layerTime } from './layer-time.ts';
import { asMeasured } from './measured-layer.ts';

/** Time and memory of one layer of a kind. */
interface KindProfile {
  readonly time: LayerTime;
  readonly memory: LayerMemory;
}

/** Every kind of layer, and both ends of the model, on one GPU of a stage. */
export interface StageProfile {
  readonly context: CostContext;
  /** First layer of each segment, counted within the stage: those recomputed, and the rest. */
  readonly segments: readonly number[];
  /** By segment, then by kind. */
  readonly layers: readonly (readonly KindProfile[])[];
  readonly embedding: LayerTime;
  readonly head: LayerTime;
  /** One micro-batch's activation as sent to the next stage by one GPU. */
  readonly boundaryBytes: number;
}

/** Work that one search does once: whole profiles, and the kernels of layers that profiles share. */
export interface ProfileCache {
  readonly profiles: Map<string, StageProfile>;
  readonly kernels: Map<string, Kernels>;
}

/** Layers before anything that depends on data parallelism. */
interface Kernels {
  readonly kinds: readonly KindProfile[];
  readonly embedding: LayerTime;
  readonly head: LayerTime;
}

export function profileCache(): ProfileCache {
  return { profiles: new Map(), kernels: new Map() };
}

const MOST_REMEMBERED = 4000;

export function stageProfile(
  problem: Problem,
  settings: Settings,
  shape: Shape,
  firstDevice: number,
  pipelined: boolean,
  cache = profileCache(),
): StageProfile {
  const context = costContext(problem, settings, shape, firstDevice);
  const key = `${kernelKey(context)}|${settings.recompute.layersPerStage}|${shardKey(context, pipelined)}`;
  const known = cache.profiles.get(key);
  if (known !== undefined) return known;
  const fresh = profile(context, pipelined, cache);
  remember(cache.profiles, key, fresh);
  return fresh;
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size >= MOST_REMEMBERED) map.clear();
  map.set(key, value);
}

function profile(context: CostContext, pipelined: boolean, cache: ProfileCache): StageProfile {
  const { problem, settings, local } = context;
  const some = settings.recompute.layersPerStage;
  const segments = some === null ? [0] : [0, some];
  const kernels = segments.map((_, i) => {
    const here = i === 0 ? context : { ...context, settings: { ...settings, recompute: NONE } };
    const key = kernelKey(here);
    const found = cache.kernels.get(key) ?? kernelsOf(here);
    remember(cache.kernels, key, found);
    return found;
  });
  return {
    context,
    segments,
    layers: kernels.map(({ kinds }) =>
      kinds.map(({ time, memory }) => ({
        time: addShardedTraffic(time, memory.parameters, context, pipelined),
        memory,
      })),
    ),
    embedding: kernels[0]!.embedding,
    head: kernels[0]!.head,
    boundaryBytes:
      local.elementBytes * residualTokens({ ...local, sequenceParallel: true }) * problem.model.hiddenSize,
  };
}

const NONE = { mode: 'none', modules: [], layersPerStage: null } as const;

function kernelsOf(context: CostContext): Kernels {
  const { problem, settings, local, c } = context;
  const { model, stack } = problem;
  const plain = { ...context, settings: { ...settings, recompute: NONE } };
  return {
    kinds: model.kinds.map((kind, index) =>
      asMeasured(
        {
          time: layerTime(layerOperators(model, kind, local, stack, c), context, moeOf(kind.mlp)),
          memory: layerMemory(problem, settings.recompute, local, index, c),
        },
        kind.name,
        context,
      ),
    ),
    embedding: layerTime(embeddingOperators(model, local, stack), plain, null),
    head: layerTime(headOperators(model, local, stack, c), plain, null),
  };
}

function moeOf(mlp: MlpSpec): { topK: number } | null {
  return mlp.kind === 'moe' ? { topK: mlp.topK } : null;
}

/** All that kernels and the communication inside a layer depend on. */
function kernelKey({ group, settings: s, spans, local }: CostContext): string {
  const where = [spans.tensor, spans.context, spans.expert, spans.expertTensor].map(spanKey);
  return [
    group.index,
    local.tensorParallel,
    s.microBatchSize,
    s.contextParallel,
    s.expertParallel,
    s.expertTensorParallel,
    s.sequenceParallel,
    s.vocabularyShards,
    s.recompute.mode,
    s.recompute.modules.join('+'),
    ...where,
  ].join('|');
}

/** And what sharding and gradients depend on. */
function shardKey({ settings: s, spans, dataParallel }: CostContext, pipelined: boolean): string {
  const { id, virtualStages } = s.schedule;
  return [
    dataParallel,
    pipelined,
    s.optimizerSharding,
    s.shardGroup,
    id,
    virtualStages,
    spanKey(spans.gradient),
    spanKey(spans.expertData),
  ].join('|');
}

function spanKey(x: Span): string {
  return `${x.size}/${x.perDomain}/${x.intra.index}/${x.network.index}/${x.networkPerMember}/${x.extraLatency}`;
}
