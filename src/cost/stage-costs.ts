import type { Problem } from '../domain/problem.ts';
import type { Settings, Shape } from '../domain/stage-cost.ts';
import { lastKind } from '../layers/parameters.ts';
import { boundarySeconds, exposedShare } from './boundary.ts';
import type { LayerTime } from './layer-time.ts';
import { seconds } from './pass-time.ts';
import { type ProfileCache, type StageProfile, stageProfile } from './stage-profile.ts';
import { Rooms } from './stage-room.ts';

/**
 * What one micro-batch costs on one GPU of a stage, kind by kind of layer, and what the stage has room for: all that a
 * stage cut needs to know. Seconds are of forward, backward and recomputation together.
 */
export interface StageCosts {
  readonly profile: StageProfile;
  readonly secondsPerLayer: readonly number[];
  readonly embeddingSeconds: number;
  /** Final norm, LM head, loss and multi-token prediction. */
  readonly headSeconds: number;
  /** Send and receive of one boundary activation that compute does not hide. */
  readonly boundarySeconds: number;
  /** One micro-batch's activation to the next stage, bytes of one GPU; share of its time that blocks a stage. */
  readonly boundaryBytes: number;
  readonly exposedShare: number;
  readonly rooms: Rooms;
}

/** `pipelined` says whether there will be more than one stage. */
export function stageCosts(
  problem: Problem,
  settings: Settings,
  shape: Shape,
  pipelined = true,
  cache?: ProfileCache,
): StageCosts {
  const group = problem.cluster.groups[shape.group]!;
  const profile = stageProfile(problem, settings, shape, group.firstDevice, pipelined, cache);
  const { model } = problem;
  const secondsPerLayer = profile.layers[0]!.map(({ time }) => secondsOf(time));
  // Each module that predicts a further token is a layer and what stands beside it.
  const module = secondsOf(profile.prediction.time) + secondsPerLayer[lastKind(model)]!;
  return {
    profile,
    secondsPerLayer,
    embeddingSeconds: secondsOf(profile.embedding.time),
    headSeconds: secondsOf(profile.head.time) + model.mtpLayers * module,
    boundarySeconds: boundarySeconds(profile, pipelined),
    boundaryBytes: profile.boundaryBytes,
    exposedShare: exposedShare(profile),
    rooms: new Rooms(profile),
  };
}

function secondsOf({ forward, backward, recompute }: LayerTime): number {
  return seconds(forward) + seconds(backward) + seconds(recompute);
}
