import type { Techniques } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Span } from '../hardware/span.ts';
import { embeddingOperators } from '../layers/embedding.ts';
import { layerOperators } from '../layers/layer.ts';
import { residualTokens } from '../layers/local-shape.ts';
import { predictionOperators } from '../layers/multi-token-prediction.ts';
import type { LayerContext, Operator } from '../layers/operator.ts';
import { outputOperators } from '../layers/output.ts';
import { TECHNIQUES, techniqueKeys } from '../techniques/index.ts';
import { segmentsOf } from '../techniques/segments.ts';
import type { StageContext } from '../techniques/technique.ts';
import { type StageSpec, stageContext } from './context.ts';
import { asMeasured } from './measured-layer.ts';
import { type OperatorMemory, operatorMemory } from './memory/operator-memory.ts';
import { type LayerTime, layerTime } from './time/layer-time.ts';
import { withPassTraffic } from './time/pass-traffic.ts';

/** Time and memory of one layer of a kind, or of an end of the model. */
export interface PartProfile {
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
  readonly context: StageContext;
  /** First layer of each segment, counted within the stage. */
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

export function stageProfile(problem: Problem, spec: StageSpec, cache = profileCache()): StageProfile {
  const context = stageContext(problem, spec);
  const key = stageKey(context);
  const known = cache.profiles.get(key);
  if (known !== undefined) return known;
  const fresh = profile(context, cache);
  remember(cache.profiles, key, fresh);
  return fresh;
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size >= MOST_REMEMBERED) map.clear();
  map.set(key, value);
}

function profile(context: StageContext, cache: ProfileCache): StageProfile {
  const { problem, local } = context;
  const segments = segmentsOf(context.techniques);
  const kernels = segments.map(({ techniques }) => {
    const key = layerKey(context, techniques);
    const found = cache.kernels.get(key) ?? kernelsOf({ ...context, techniques });
    remember(cache.kernels, key, found);
    return found;
  });
  const { embedding, head, prediction } = kernels[0]!;
  return {
    context,
    segments: segments.map(({ from }) => from),
    layers: kernels.map(({ kinds }) =>
      kinds.map(({ time, memory }) => ({ time: withPassTraffic(time, memory.owned, context), memory })),
    ),
    embedding,
    head,
    prediction,
    boundaryBytes:
      local.elementBytes * residualTokens({ ...local, sequenceParallel: true }) * problem.model.hiddenSize,
  };
}

function kernelsOf(context: StageContext): Kernels {
  const { problem, local, c } = context;
  const { model, stack } = problem;
  const operators: LayerContext = { model, local, stack, c };
  const part = (list: readonly Operator[]): PartProfile => ({
    time: layerTime(list, context),
    memory: operatorMemory(list, context),
  });
  return {
    kinds: model.kinds.map((kind) => {
      const list = treated(layerOperators(kind, operators), context);
      return asMeasured(part(list), list, kind.name, context);
    }),
    embedding: part(embeddingOperators(operators)),
    head: part(outputOperators(operators)),
    prediction: part(predictionOperators(operators)),
  };
}

/** The operators of a layer as the techniques of a plan leave them, in the order of application. */
function treated(operators: readonly Operator[], context: StageContext): readonly Operator[] {
  return TECHNIQUES.reduce<readonly Operator[]>(
    (list, technique) => technique.layer?.(technique.of(context.techniques), list, context) ?? list,
    operators,
  );
}

/** All that kernels and the communication inside a layer depend on. */
function layerKey(
  { group, dims, microBatchSize, local, groups }: StageContext,
  techniques: Techniques,
): string {
  const { tp, cp, ep, etp } = dims;
  const where = [groups.tensor, groups.context, groups.expert, groups.expertTensor].map(spanKey);
  return [
    ...[group.index, tp, cp, ep, etp, microBatchSize, local.vocabularyShards],
    techniqueKeys(techniques).layer,
    ...where,
  ].join('|');
}

/** And what sharding, gradients and the schedule depend on. */
function stageKey(context: StageContext): string {
  const { dims, schedule, techniques, groups } = context;
  const { pp, dpReplicate, dpShard, vpp } = dims;
  return [
    layerKey(context, techniques),
    techniqueKeys(techniques).stage,
    ...[pp, dpReplicate, dpShard, vpp, schedule],
    ...[groups.gradient, groups.shard, groups.expertData].map(spanKey),
  ].join('|');
}

function spanKey(x: Span): string {
  return `${x.size}/${x.perDomain}/${x.intra.index}/${x.network.index}/${x.share.nominal}/${x.share.reached}/${x.extraLatency}`;
}
