import type { Problem } from '../domain/problem.ts';
import type { LayerCost, Settings, Shape, StageCosts } from '../domain/stage-cost.ts';
import { localVocabulary, lossBytesPerLogit } from '../layers/ends.ts';
import { endParameters } from '../memory/local-parameters.ts';
import { stateBytes } from '../techniques/optimizer-sharding.ts';
import { boundarySeconds, exposedShare } from './boundary.ts';
import { communicators } from './communicators.ts';
import type { LayerTime } from './layer-time.ts';
import { seconds } from './pass-time.ts';
import { type ProfileCache, type StageProfile, stageProfile } from './stage-profile.ts';

/** What a stage cut needs to know of one shape; `pipelined` says whether there will be more than one stage. */
export function stageCosts(
  problem: Problem,
  settings: Settings,
  shape: Shape,
  pipelined = true,
  cache?: ProfileCache,
): StageCosts {
  const group = problem.cluster.groups[shape.group]!;
  const profile = stageProfile(problem, settings, shape, group.firstDevice, pipelined, cache);
  const { context } = profile;
  const { stack } = problem;
  const { local } = context;
  const shards = context.spans.gradient.size;
  const overhead = stack.allocator.reservedOverAllocated;
  const resident = (dense: number, expert: number) => {
    const a = stateBytes(dense, stack.state, settings.optimizerSharding, shards);
    const b = stateBytes(expert, stack.state, settings.optimizerSharding, context.spans.expertData.size);
    return (a.weights + a.gradients + a.optimizer + b.weights + b.gradients + b.optimizer) * overhead;
  };
  const layers = profile.kinds.map(({ time, memory }) =>
    layerCost(time, resident(memory.parameters.dense, memory.parameters.expert), memory.saved * overhead),
  );
  const first = endParameters(problem.model, stack, local, { first: true, last: false }).total;
  const last = endParameters(problem.model, stack, local, { first: false, last: true }).total;
  const logits = local.tokens * localVocabulary(problem.model, stack, local);
  return {
    layers,
    embedding: layerCost(profile.embedding, resident(first, 0), 0),
    head: withPrediction(
      layerCost(profile.head, resident(last, 0), lossBytesPerLogit(stack).saved * logits * overhead),
      layers[problem.model.layers.at(-1) ?? 0]!,
      problem.model.mtpLayers,
    ),
    boundarySeconds: boundarySeconds(profile, pipelined),
    boundaryBytes: profile.boundaryBytes,
    exposedShare: exposedShare(profile),
    fixedBytes: fixedBytes(profile, overhead),
    limitBytes: group.gpu.memoryBytes * (1 - problem.workload.headroom),
  };
}

/** The head with the modules that predict further tokens: a layer and the head again for each. */
function withPrediction(head: LayerCost, layer: LayerCost, modules: number): LayerCost {
  if (modules === 0) return head;
  return {
    forwardSeconds: head.forwardSeconds + modules * (head.forwardSeconds + layer.forwardSeconds),
    backwardSeconds: head.backwardSeconds + modules * (head.backwardSeconds + layer.backwardSeconds),
    weightGradSeconds: head.weightGradSeconds + modules * (head.weightGradSeconds + layer.weightGradSeconds),
    residentBytes: head.residentBytes + modules * layer.residentBytes,
    activationBytes: head.activationBytes + modules * (head.activationBytes + layer.activationBytes),
  };
}

function layerCost(time: LayerTime, residentBytes: number, activationBytes: number): LayerCost {
  return {
    forwardSeconds: seconds(time.forward),
    backwardSeconds: seconds(time.backward) + seconds(time.recompute),
    weightGradSeconds: time.weightGrad,
    residentBytes,
    activationBytes,
  };
}

function fixedBytes({ kinds, context }: StageProfile, overhead: number): number {
  const { allocator } = context.problem.stack;
  let widest = 0;
  for (const { memory } of kinds) widest = Math.max(widest, memory.restored + memory.transient);
  return widest * overhead + allocator.contextBytes + communicators(context) * allocator.bytesPerCommunicator;
}
