import type { ModelSpec } from '../domain/model.ts';
import type { Problem } from '../domain/problem.ts';
import { lastKind } from '../layers/parameters.ts';
import { type PassedOn, passedOn } from '../layers/passed-on.ts';
import { ofKernels } from '../techniques/index.ts';
import { remembered } from '../units/remembered.ts';
import type { StageSpec } from './context.ts';
import { type Ending, endingOf } from './ending.ts';
import { type LeastEnds, leastEnds } from './least-ends.ts';
import { Rooms } from './memory/stage-room.ts';
import {
  type ProfileCache,
  passingProfile,
  profileCache,
  type StageProfile,
  stageProfile,
} from './stage-profile.ts';
import { boundarySeconds, exposedShare } from './time/boundary.ts';
import type { LayerTime } from './time/layer-time.ts';
import { seconds } from './time/pass-time.ts';
import { tiedBytes } from './time/tied-embedding.ts';

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
  /** Where layers pass on unlike amounts; null: all cuts are alike. */
  readonly unlikeCuts: UnlikeCuts | null;
  /** One micro-batch's activation to the next stage, bytes of one GPU, over the least cut; share of its time that blocks a stage. */
  readonly boundaryBytes: number;
  readonly exposedShare: number;
  /** Of a tied embedding's gradient, what first and last stage exchange once a step. */
  readonly tiedBytes: number;
  /** Of a layer's seconds at least, the share of its forward. */
  readonly forwardShare: number;
  /** Of the stage with that number among those that the GPUs of its group serve. */
  readonly leastEnds: (stage: number) => LeastEnds;
}

interface UnlikeCuts {
  /** Of one sample, by layer. */
  readonly passed: PassedOn;
  /** `boundarySeconds` where so many times the bytes pass as over the least cut (`boundaryBytes`). */
  readonly boundaryOf: (times: number, overSockets: boolean) => number;
}

/** And what the stage has room for, and what ends its step: all that a stage cut needs to know. */
export interface StageCosts extends StageSeconds {
  readonly rooms: Rooms;
  readonly ending: (stage: number) => Ending;
}

export function stageSeconds(problem: Problem, spec: StageSpec, cache = profileCache()): StageSeconds {
  const profile = passingProfile(problem, spec, cache);
  const ends = byPlace(problem, spec, (at) => leastEnds(profile, at, cache));
  return secondsIn(problem, profile, ends);
}

export function stageCosts(problem: Problem, spec: StageSpec, cache = profileCache()): StageCosts {
  const profile = stageProfile(problem, spec, cache);
  const ends = byPlace(problem, spec, (at) => leastEnds(profile, at, cache));
  const ending = byPlace(problem, spec, (at) =>
    endingOf(at === spec ? profile : passingProfile(problem, at, cache)),
  );
  return { ...secondsIn(problem, profile, ends), rooms: new Rooms(profile), ending };
}

function secondsIn(
  problem: Problem,
  profile: StageProfile,
  leastEndsOf: StageSeconds['leastEnds'],
): StageSeconds {
  const times = profile.layers[0]!.map(({ time }) => time);
  const forwardShare = Math.min(...times.map((time) => seconds(time.forward) / secondsOf(time)));
  return {
    ...passesIn(problem, profile),
    boundarySeconds: boundarySeconds(profile),
    socketBoundarySeconds: boundarySeconds(profile, true),
    unlikeCuts: unlikeCuts(problem.model, profile),
    boundaryBytes: profile.boundaryBytes,
    exposedShare: exposedShare(profile),
    tiedBytes: tiedBytes(profile),
    forwardShare,
    leastEnds: leastEndsOf,
  };
}

function unlikeCuts(model: ModelSpec, profile: StageProfile): UnlikeCuts | null {
  const passed = passedOn(model);
  if (passed === null) return null;
  return { passed, boundaryOf: (times, overSockets) => boundarySeconds(profile, overSockets, times) };
}

/** What kernels and their communication take for one micro-batch, seconds: of a layer of each kind, and of the ends of the model. */
export type KernelSeconds = Pick<StageSeconds, 'secondsPerLayer' | 'embeddingSeconds' | 'headSeconds'>;

/** The same whatever its pipeline, its copies and how they share states, none of which makes any of it less. */
export function kernelSeconds(
  problem: Problem,
  { dims, techniques, ...spec }: StageSpec,
  cache: ProfileCache,
): KernelSeconds {
  const alone = { ...dims, pp: 1, vpp: 1, dpReplicate: 1, dpShard: 1 };
  return passesIn(
    problem,
    passingProfile(problem, { ...spec, dims: alone, techniques: ofKernels(techniques) }, cache),
  );
}

/** The same of the stage as it is. */
export function passSeconds(problem: Problem, spec: StageSpec, cache: ProfileCache): KernelSeconds {
  return passesIn(problem, passingProfile(problem, spec, cache));
}

function passesIn({ model }: Problem, { layers, prediction, embedding, head }: StageProfile): KernelSeconds {
  const secondsPerLayer = layers[0]!.map(({ time }) => secondsOf(time));
  // Each module that predicts a further token is a layer and what stands beside it.
  const module = secondsOf(prediction.time) + secondsPerLayer[lastKind(model)]!;
  return {
    secondsPerLayer,
    embeddingSeconds: secondsOf(embedding.time),
    headSeconds: secondsOf(head.time) + model.mtpLayers * module,
  };
}

/** Something of each of a group's stages in a row, worked out once for all whose GPUs lie alike in their fast domains. */
function byPlace<V>({ cluster }: Problem, spec: StageSpec, work: (at: StageSpec) => V): (stage: number) => V {
  const { tp, cp, dpReplicate, dpShard } = spec.dims;
  const width = tp * cp * dpReplicate * dpShard;
  const { fastDomainGpus } = cluster.groups[spec.group]!;
  const known = new Map<number, V>();
  return (stage) =>
    remembered(known, (stage * width) % fastDomainGpus, () =>
      work(stage === 0 ? spec : { ...spec, firstDevice: spec.firstDevice + stage * width }),
    );
}

function secondsOf({ forward, backward, recompute }: LayerTime): number {
  return seconds(forward) + seconds(backward) + seconds(recompute);
}
