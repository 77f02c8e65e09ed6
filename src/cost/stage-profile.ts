import type { Problem } from '../domain/problem.ts';
import type { Settings, Shape } from '../domain/stage-cost.ts';
import type { Span } from '../hardware/span.ts';
import { embeddingOperators } from '../layers/embedding.ts';
import { layerOperators } from '../layers/layer.ts';
import { residualTokens } from '../layers/local-shape.ts';
import { predictionOperators } from '../layers/multi-token-prediction.ts';
import type { Operator } from '../layers/operator.ts';
import { outputOperators } from '../layers/output.ts';
import { type OperatorMemory, operatorMemory } from '../memory/operator-memory.ts';
import { type CostContext, costContext } from './context.ts';
import { addShardedTraffic } from './fully-sharded.ts';
import { type LayerTime, layerTime } from './layer-time.ts';
import { asMeasured } from './measured-layer.ts';

/** Time and memory of one layer of a kind, or of an end of the model. */
interface PartProfile {
  readonly time: LayerTime;
  readonly memory: OperatorMemory;
}

/** What stands at the ends of the model, and beside the layer of a module that predicts further tokens. */
interface EndProfiles {
  readonly embedding: PartProfile;
  readonly head: PartProfile;
  readonly prediction: PartProfile;
}

/** Every kind of layer, and both ends of the model, on one GPU of a stage. */
export interface StageProfile extends EndProfiles {
  readonly context: CostContext;
  /** First layer of each segment, counted within the stage: those recomputed, and the rest. */
  readonly segments: readonly number[];
  /** By segment, then by kind. */
  readonly layers: readonly (readonly PartProfile[])[];
  /** One micro-batch's activation as sent to the next stage by one GPU. */
  readonly boundaryBytes: number;
}

/** Work that one search does once: whole profiles, and the kernels of layers that profiles share. */
export interface ProfileCache {
  readonly profiles: Map<string, StageProfile>;
  readonly kernels: Map<string, Kernels>;
}

/** Layers before anything that depends on data parallelism. */
interface Kernels extends EndProfiles {
  readonly kinds: readonly PartProfile[];
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
  const { embedding, head, prediction } = kernels[0]!;
  return {
    context,
    segments,
    layers: kernels.map(({ kinds }) =>
      kinds.map(({ time, memory }) => ({
        time: addShardedTraffic(time, memory.parameters, context, pipelined),
        memory,
      })),
    ),
    embedding,
    head,
    prediction,
    boundaryBytes:
      local.elementBytes * residualTokens({ ...local, sequenceParallel: true }) * problem.model.hiddenSize,
  };
}

const NONE = { mode: 'none', modules: [], layersPerStage: null } as const;

function kernelsOf(context: CostContext): Kernels {
  const { problem, settings, local, c } = context;
  const { model, stack } = problem;
  const operators = { model, local, stack, c };
  const plain = { ...context, settings: { ...settings, recompute: NONE } };
  const end = (list: readonly Operator[]): PartProfile => ({
    time: layerTime(list, plain),
    memory: operatorMemory(list, NONE, local, model.hiddenSize),
  });
  return {
    kinds: model.kinds.map((kind) => {
      const list = layerOperators(kind, operators);
      const memory = operatorMemory(list, settings.recompute, local, model.hiddenSize, stack.extraResiduals);
      return asMeasured({ time: layerTime(list, context), memory }, kind.name, context);
    }),
    embedding: end(embeddingOperators(operators)),
    head: end(outputOperators(operators)),
    prediction: end(predictionOperators(operators)),
  };
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
