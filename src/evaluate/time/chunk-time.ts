import type { ModelSpec } from '../../domain/model.ts';
import { lastKind } from '../../layers/parameters.ts';
import type { StageContent } from '../memory/content.ts';
import type { StageProfile } from '../stage-profile.ts';
import type { LayerTime } from './layer-time.ts';
import { addTime, noTime, type PassTime, seconds } from './pass-time.ts';

/** One micro-batch through one chunk of a stage on one GPU, passes apart; of the ends of the model that stand in it too. */
export interface ChunkTime extends Passes {
  readonly ends: Passes;
  readonly weightGrad: number;
}

interface Passes {
  readonly forward: PassTime;
  readonly backward: PassTime;
  readonly recompute: PassTime;
}

/** Sums the layers of a chunk. `ends` says whether it holds the embedding or the head. */
export function chunkTime(
  model: ModelSpec,
  counts: StageContent[number],
  profile: StageProfile,
  ends: { readonly embedding: boolean; readonly head: boolean },
): ChunkTime {
  const layers = none();
  const beside = none();
  let weightGrad = 0;
  for (const [segment, row] of counts.entries())
    for (let kind = 0; kind < row.length; kind++)
      if (row[kind]! > 0) weightGrad += add(layers, profile.layers[segment]![kind]!.time, row[kind]!);
  if (ends.embedding) weightGrad += add(beside, profile.embedding.time, 1);
  if (ends.head) {
    weightGrad += add(beside, profile.head.time, 1);
    // Each module that predicts a further token is a layer and what stands beside it.
    for (const { time } of [profile.layers[0]![lastKind(model)]!, profile.prediction])
      if (model.mtpLayers > 0) weightGrad += add(beside, time, model.mtpLayers);
  }
  return { ...layers, ends: beside, weightGrad };
}

function none(): Passes {
  return { forward: noTime(), backward: noTime(), recompute: noTime() };
}

function add(to: Passes, { forward, backward, recompute, weightGrad }: LayerTime, times: number): number {
  addTime(to.forward, forward, times);
  addTime(to.backward, backward, times);
  addTime(to.recompute, recompute, times);
  return times * weightGrad;
}

/** Seconds of a chunk's forward, and of its backward with recomputation. */
export function chunkSeconds({ ends, ...layers }: ChunkTime): { forward: number; backward: number } {
  const backward = (of: Passes) => seconds(of.backward) + seconds(of.recompute);
  return {
    forward: seconds(layers.forward) + seconds(ends.forward),
    backward: backward(layers) + backward(ends),
  };
}
