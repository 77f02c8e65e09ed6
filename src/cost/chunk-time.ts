import type { BySegment } from '../domain/memory-term.ts';
import type { ModelSpec } from '../domain/model.ts';
import type { LayerTime } from './layer-time.ts';
import { addTime, noTime, type PassTime } from './pass-time.ts';
import type { StageProfile } from './stage-profile.ts';

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
  counts: BySegment,
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
    for (const [kind, count] of row.entries()) {
      if (count === 0) continue;
      const { time } = profile.layers[segment]![kind]!;
      addTime(forward, time.forward, count);
      addTime(backward, time.backward, count);
      addTime(recompute, time.recompute, count);
      weightGrad += time.weightGrad * count;
    }
  }
  if (ends.embedding) weightGrad += addEnd(embedding, profile.embedding);
  if (ends.head) {
    weightGrad += addEnd(head, profile.head);
    if (model.mtpLayers > 0) addPrediction(head, model, profile);
  }
  return { forward, backward, recompute, embedding, head, weightGrad };
}

function addEnd(to: PassTime, end: LayerTime): number {
  addTime(to, end.forward);
  addTime(to, end.backward);
  return end.weightGrad;
}

/** Each multi-token-prediction module runs one more layer of the last kind and the head again (DeepSeek-V3, 2.2). */
function addPrediction(head: PassTime, model: ModelSpec, profile: StageProfile): void {
  const { time } = profile.layers[0]![model.layers.at(-1) ?? 0]!;
  for (const pass of [
    time.forward,
    time.backward,
    time.recompute,
    profile.head.forward,
    profile.head.backward,
  ]) {
    addTime(head, pass, model.mtpLayers);
  }
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
  const end = head ? profile.head : profile.embedding;
  const forward = total(end.forward);
  return forward / (forward + total(end.backward));
}
