import type { BesideModel } from '../../domain/beside-model.ts';
import type { Ends } from '../../domain/plan.ts';
import { copyRate, hostOf } from '../../hardware/host.ts';
import { besideBytes, besideContents } from '../memory/beside-bytes.ts';
import { ownedByStage } from '../memory/owned-by-stage.ts';
import type { StageProfile } from '../stage-profile.ts';
import { passesOfEnd, passesOfLayer } from './passes.ts';
import { stageEnd } from './stage-end.ts';

/** Seconds of one micro-batch on the slowest stage, and once a step. */
interface BesideSeconds {
  readonly forward: number;
  readonly backward: number;
  readonly update: number;
  readonly copies: number;
}

/** Both ends are priced on one stage: a little more than any has. */
export function besideSeconds(
  profile: StageProfile,
  { trained, offloaded }: Pick<BesideModel, 'trained' | 'offloaded'>,
): BesideSeconds {
  const { group, c, dims } = profile.context;
  let slowest = { forward: 0, backward: 0, update: 0 };
  const ends: Ends = { embedding: 0, head: 0 };
  const [first, last] = [passesOfEnd(profile, 'embedding'), passesOfEnd(profile, 'head')];
  for (const content of besideContents(profile)) {
    let forward = dims.pp === 1 ? first.forward + last.forward : Math.max(first.forward, last.forward);
    let backward = dims.pp === 1 ? first.backward + last.backward : Math.max(first.backward, last.backward);
    for (const counts of content.flat())
      for (let kind = 0; kind < counts.length; kind++) {
        const passes = passesOfLayer(profile, kind);
        forward += counts[kind]! * passes.forward;
        backward += counts[kind]! * passes.backward;
      }
    const end = trained
      ? stageEnd(profile, ownedByStage(profile, content, ends), { forward, backward })
      : null;
    const update =
      end === null ? 0 : end.gradientReduce + end.gradientFlush + end.parameterGather + end.optimizer;
    slowest = {
      forward: Math.max(slowest.forward, forward),
      backward: Math.max(slowest.backward, trained ? backward : 0),
      update: Math.max(slowest.update, update),
    };
  }
  // Up before its phase; what was trained goes back after it.
  const { states } = besideBytes(profile, trained, ends);
  const copies = offloaded ? ((trained ? 2 : 1) * states) / copyRate(hostOf(group), c) : 0;
  return { ...slowest, copies };
}
