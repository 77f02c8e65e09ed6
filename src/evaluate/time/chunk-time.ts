import type { ModelSpec } from '../../domain/model.ts';
import { lastKind } from '../../layers/parameters.ts';
import type { StageContent } from '../memory/content.ts';
import type { StageProfile } from '../stage-profile.ts';
import type { LayerTime } from './layer-time.ts';
import { addTime, noTime, type PassTime } from './pass-time.ts';

/** One micro-batch through one chunk of a stage on one GPU, passes apart. */
export interface ChunkTime {
  readonly forward: PassTime;
  readonly backward: PassTime;
  readonly recompute: PassTime;
  readonly embedding: PassTime;
  readonly head: PassTime;
  readonly weightGrad: number;
}

/** Sums the layers of a chunk. `ends` says whether it holds the embedding or the head. */
export function chunkTime(
  model: ModelSpec,
  counts: StageContent[number],
  profile: StageProfile,
  ends: { readonly embedding: boolean; readonly head: boolean },
): ChunkTime {
  const forward = noTime();
  const backward = noTime();
  const recompute = noTime();
  const embedding = noTime();
  const head = noTime();
  let weightGrad = 0;
  for (const [segment, row] of counts.entries()) {
    for (let kind = 0; kind < row.length; kind++) {
      const count = row[kind]!;
      if (count === 0) continue;
      const { time } = profile.layers[segment]![kind]!;
      addTime(forward, time.forward, count);
      addTime(backward, time.backward, count);
      addTime(recompute, time.recompute, count);
      weightGrad += time.weightGrad * count;
    }
  }
  if (ends.embedding) weightGrad += addEnd(embedding, profile.embedding.time);
  if (ends.head) {
    weightGrad += addEnd(head, profile.head.time);
    // Each module that predicts a further token is a layer and what stands beside it.
    weightGrad += addEnd(head, profile.layers[0]![lastKind(model)]!.time, model.mtpLayers);
    weightGrad += addEnd(head, profile.prediction.time, model.mtpLayers);
  }
  return { forward, backward, recompute, embedding, head, weightGrad };
}

function addEnd(to: PassTime, end: LayerTime, times = 1): number {
  if (times === 0) return 0;
  addTime(to, end.forward, times);
  addTime(to, end.backward, times);
  addTime(to, end.recompute, times);
  return times * end.weightGrad;
}

/** Seconds of a chunk's forward, and of its backward with recomputation; the ends split as their passes do. */
export function chunkSeconds(
  chunk: ChunkTime,
  profile: StageProfile,
  total: (t: PassTime) => number,
): { forward: number; backward: number } {
  const ends = total(chunk.embedding) + total(chunk.head);
  const share = forwardShare(profile, total, total(chunk.head) > 0);
  return {
    forward: total(chunk.forward) + ends * share,
    backward: total(chunk.backward) + total(chunk.recompute) + ends * (1 - share),
  };
}

function forwardShare(profile: StageProfile, total: (t: PassTime) => number, head: boolean): number {
  const end = (head ? profile.head : profile.embedding).time;
  const forward = total(end.forward);
  return forward / (forward + total(end.backward));
}
