import type { StepTraffic } from '../techniques/traffic.ts';
import { remembered } from '../units/remembered.ts';
import { layersByKind } from './layers-by-kind.ts';
import type { LeastEnds } from './least-ends.ts';
import { type Owned, plus } from './memory/owned.ts';
import { ownedBeside } from './memory/owned-by-stage.ts';
import { endingKey } from './profile-keys.ts';
import type { ProfileCache, StageProfile } from './stage-profile.ts';
import type { Passes } from './time/pass-time.ts';
import { passesOfEnd, passesOfLayer } from './time/passes.ts';
import { exposedEnd, wholeEnd } from './time/stage-end.ts';

/** Seconds that follow a GPU's last backward: what it reduces, and what it gathers and updates when all have. */
export interface ModelEnd {
  readonly reduce: number;
  readonly rest: number;
}

const MOST_REMEMBERED = 20_000;

/** Of a GPU that holds the whole model in one chunk; with any recomputation, backward is longer by another forward, or less. */
export function modelEnd(
  profile: StageProfile,
  recompute: keyof LeastEnds,
  { models }: ProfileCache,
): ModelEnd {
  const traffic = remembered(
    models,
    endingKey(profile.context),
    (): StepTraffic => wholeEnd(profile, ownedByModel(profile)),
    MOST_REMEMBERED,
  );
  let [forward, backward] = [0, 0];
  const add = (passes: Passes, count = 1) => {
    forward += count * passes.forward;
    backward += count * passes.backward;
  };
  add(passesOfEnd(profile, 'embedding'));
  add(passesOfEnd(profile, 'head'));
  for (const [kind, count] of layersByKind(profile.context.problem.model).entries())
    add(passesOfLayer(profile, kind), count);
  const { gradientReduce, gradientFlush, parameterGather, optimizer } = exposedEnd(profile, traffic, {
    forward,
    backward: recompute === 'own' ? backward : backward + forward,
  });
  return { reduce: gradientReduce, rest: gradientFlush + parameterGather + optimizer };
}

function ownedByModel(profile: StageProfile): Owned {
  let all = ownedBeside(profile, { embedding: 0, head: 0 });
  for (const [kind, count] of layersByKind(profile.context.problem.model).entries())
    all = plus(all, profile.layers[0]![kind]!.memory.owned, count);
  return all;
}
