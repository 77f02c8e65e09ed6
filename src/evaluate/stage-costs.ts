import type { Problem } from '../domain/problem.ts';
import { lastKind } from '../layers/parameters.ts';
import type { StageSpec } from './context.ts';
import { Rooms } from './memory/stage-room.ts';
import { type ProfileCache, passingProfile, type StageProfile, stageProfile } from './stage-profile.ts';
import { boundarySeconds, exposedShare } from './time/boundary.ts';
import type { LayerTime } from './time/layer-time.ts';
import { seconds } from './time/pass-time.ts';

/**
 * What one micro-batch costs on one GPU of a stage, kind by kind of layer: all that a bound asks. Seconds are of forward,
 * backward and recomputation together.
 */
export interface StageSeconds {
  readonly secondsPerLayer: readonly number[];
  readonly embeddingSeconds: number;
  /** Final norm, LM head, loss and multi-token prediction. */
  readonly headSeconds: number;
  /** Send and receive of one boundary activation that compute does not hide. */
  readonly boundarySeconds: number;
  /** The same where the pipeline has stages that RDMA does not join. */
  readonly socketBoundarySeconds: number;
  /** One micro-batch's activation to the next stage, bytes of one GPU; share of its time that blocks a stage. */
  readonly boundaryBytes: number;
  readonly exposedShare: number;
}

/** And what the stage has room for: all that a stage cut needs to know. */
export interface StageCosts extends StageSeconds {
  readonly rooms: Rooms;
}

export function stageSeconds(problem: Problem, spec: StageSpec, cache?: ProfileCache): StageSeconds {
  return secondsIn(problem, passingProfile(problem, spec, cache));
}

export function stageCosts(problem: Problem, spec: StageSpec, cache?: ProfileCache): StageCosts {
  const profile = stageProfile(problem, spec, cache);
  return { ...secondsIn(problem, profile), rooms: new Rooms(profile) };
}

function secondsIn({ model }: Problem, profile: StageProfile): StageSeconds {
  const secondsPerLayer = profile.layers[0]!.map(({ time }) => secondsOf(time));
  // Each module that predicts a further token is a layer and what stands beside it.
  const module = secondsOf(profile.prediction.time) + secondsPerLayer[lastKind(model)]!;
  return {
    secondsPerLayer,
    embeddingSeconds: secondsOf(profile.embedding.time),
    headSeconds: secondsOf(profile.head.time) + model.mtpLayers * module,
    boundarySeconds: boundarySeconds(profile),
    socketBoundarySeconds: boundarySeconds(profile, true),
    boundaryBytes: profile.boundaryBytes,
    exposedShare: exposedShare(profile),
  };
}

function secondsOf({ forward, backward, recompute }: LayerTime): number {
  return seconds(forward) + seconds(backward) + seconds(recompute);
}
