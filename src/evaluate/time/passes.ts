import { lastKind } from '../../layers/parameters.ts';
import type { StageProfile } from '../stage-profile.ts';
import type { LayerTime } from './layer-time.ts';
import { type Passes, seconds } from './pass-time.ts';

export function passesOfLayer({ layers }: StageProfile, kind: number): Passes {
  return passes(layers[0]![kind]!.time);
}

/** Of the embedding; of the head, with the modules that predict further tokens: a layer each and what stands beside it. */
export function passesOfEnd(profile: StageProfile, end: 'embedding' | 'head'): Passes {
  const { model } = profile.context.problem;
  const own = passes(profile[end].time);
  if (end === 'embedding' || model.mtpLayers === 0) return own;
  const modules = [passes(profile.prediction.time), passesOfLayer(profile, lastKind(model))];
  const sum = (key: keyof Passes) => modules.reduce((all, one) => all + model.mtpLayers * one[key], own[key]);
  return { forward: sum('forward'), backward: sum('backward') };
}

function passes({ forward, backward, recompute }: LayerTime): Passes {
  return { forward: seconds(forward), backward: seconds(backward) + seconds(recompute) };
}
