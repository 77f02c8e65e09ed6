import type { LeastEnds } from './least-ends.ts';
import { plus } from './memory/owned.ts';
import { ownedBeside } from './memory/owned-by-stage.ts';
import type { StageProfile } from './stage-profile.ts';
import { passesOfEnd, passesOfLayer } from './time/passes.ts';
import { stageEnd } from './time/stage-end.ts';

/** Seconds that follow a GPU's last backward: what it reduces, and what it gathers and updates when all have. */
export interface ModelEnd {
  readonly reduce: number;
  readonly rest: number;
}

/** Of a GPU that holds the whole model in one chunk; with any recomputation, backward is longer by another forward, or less. */
export function modelEnd(profile: StageProfile, recompute: keyof LeastEnds): ModelEnd {
  let owned = ownedBeside(profile, { embedding: 0, head: 0 });
  const ends = [passesOfEnd(profile, 'embedding'), passesOfEnd(profile, 'head')];
  let forward = ends.reduce((sum, one) => sum + one.forward, 0);
  let backward = ends.reduce((sum, one) => sum + one.backward, 0);
  const { layers, kinds } = profile.context.problem.model;
  for (const kind of kinds.keys()) {
    const count = layers.filter((one) => one === kind).length;
    const passes = passesOfLayer(profile, kind);
    owned = plus(owned, profile.layers[0]![kind]!.memory.owned, count);
    forward += count * passes.forward;
    backward += count * passes.backward;
  }
  const behind = recompute === 'own' ? backward : backward + forward;
  const { gradientReduce, gradientFlush, parameterGather, optimizer } = stageEnd(profile, owned, {
    forward,
    backward: behind,
  });
  return { reduce: gradientReduce, rest: gradientFlush + parameterGather + optimizer };
}
