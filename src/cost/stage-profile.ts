import type { MlpSpec } from '../domain/model.ts';
import type { Problem } from '../domain/problem.ts';
import type { Settings, Shape } from '../domain/stage-cost.ts';
import { embeddingOperators, headOperators } from '../layers/ends.ts';
import { layerOperators } from '../layers/layer.ts';
import { residualTokens } from '../layers/operator.ts';
import { type LayerMemory, layerMemory } from '../memory/stage-memory.ts';
import { type CostContext, costContext } from './context.ts';
import { addShardedTraffic } from './fully-sharded.ts';
import { type LayerTime, layerTime } from './layer-time.ts';

/** Time and memory of every kind of layer, and of both ends of the model, on one GPU of a stage. */
export interface StageProfile {
  readonly context: CostContext;
  readonly kinds: readonly { readonly time: LayerTime; readonly memory: LayerMemory }[];
  readonly embedding: LayerTime;
  readonly head: LayerTime;
  /** One micro-batch's activation as sent to the next stage by one GPU. */
  readonly boundaryBytes: number;
}

/** Profiles by everything they depend on; a search shares one among all its estimates. */
export type ProfileCache = Map<string, StageProfile>;

export function stageProfile(
  problem: Problem,
  settings: Settings,
  shape: Shape,
  firstDevice: number,
  pipelined: boolean,
  cache?: ProfileCache,
): StageProfile {
  const context = costContext(problem, settings, shape, firstDevice);
  const key = cache === undefined ? '' : profileKey(context, shape, pipelined);
  const known = cache?.get(key);
  if (known !== undefined) return known;
  const profile = compute(context, pipelined);
  cache?.set(key, profile);
  return profile;
}

function compute(context: CostContext, pipelined: boolean): StageProfile {
  const { problem, settings, local, c } = context;
  const { model, stack } = problem;
  const plain = {
    ...context,
    settings: { ...settings, recompute: { mode: 'none', modules: [], layersPerStage: null } },
  } as const;
  const kinds = model.kinds.map((kind, index) => {
    const time = layerTime(layerOperators(model, kind, local, stack, c), context, moeOf(kind.mlp));
    const memory = layerMemory(problem, settings, local, index, c);
    return { time: addShardedTraffic(time, memory.parameters, context, pipelined), memory };
  });
  return {
    context,
    kinds,
    embedding: layerTime(embeddingOperators(model, local, stack), plain, null),
    head: layerTime(headOperators(model, local, stack, c), plain, null),
    boundaryBytes:
      local.elementBytes * residualTokens({ ...local, sequenceParallel: true }) * model.hiddenSize,
  };
}

function moeOf(mlp: MlpSpec): { topK: number } | null {
  return mlp.kind === 'moe' ? { topK: mlp.topK } : null;
}

function profileKey(
  { group, settings, spans, dataParallel }: CostContext,
  shape: Shape,
  pipelined: boolean,
): string {
  const s = settings;
  const where = Object.values(spans).map(
    (x) => `${x.size}/${x.perDomain}/${x.intra.index}/${x.network.index}/${x.networkPerMember}`,
  );
  return [
    group.index,
    shape.tensorParallel,
    dataParallel,
    pipelined,
    s.microBatchSize,
    s.contextParallel,
    s.expertParallel,
    s.expertTensorParallel,
    s.sequenceParallel,
    s.recompute.mode,
    s.recompute.modules.join('+'),
    s.optimizerSharding,
    s.shardGroup,
    ...where,
  ].join('|');
}
