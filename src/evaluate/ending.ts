import { layersByKind } from './layers-by-kind.ts';
import { NOTHING, type Owned, plus } from './memory/owned.ts';
import { ownedBeside } from './memory/owned-by-stage.ts';
import type { StageProfile } from './stage-profile.ts';
import type { Passes } from './time/pass-time.ts';
import { passesOfEnd, passesOfLayer } from './time/passes.ts';
import { hidingMicroBatches, stageEnd } from './time/stage-end.ts';

/** What stands between a stage's last backward and the next step: gathering parameters and the optimizer, reduction before them or not. */
export interface Ending {
  readonly reducing: EndSeconds;
  readonly reduced: EndSeconds;
  /** Of a stage with the mean number of layers: its reduction, and its backward of one micro-batch. */
  readonly reduceSeconds: number;
  readonly backwardSeconds: number;
}

/** Seconds, as a straight line near a stage of the mean number of layers. */
interface EndSeconds {
  readonly perLayer: readonly number[];
  readonly embedding: number;
  readonly head: number;
  readonly fixed: number;
}

/** What a stage has: what it owns, and the passes behind which its traffic hides. Seconds of one micro-batch. */
interface Load extends Passes {
  readonly owned: Owned;
}

/** The end of the step for any stage of these GPUs. */
export function endingOf(profile: StageProfile): Ending {
  const { problem, dims } = profile.context;
  const { kinds } = problem.model;
  const counts = layersByKind(problem.model).map((count) => count / dims.pp);
  const layer = (kind: number) => loadOf(profile, kind);
  let mean: Load = { owned: NOTHING, forward: 0, backward: 0 };
  for (const [kind, count] of counts.entries()) mean = joined(mean, layer(kind), count);
  const hiding = hidingMicroBatches(dims.vpp, dims.pp, dims.pp);
  const secondsOf = (load: Load, reducing: boolean) => {
    const behind = { forward: hiding * load.forward, backward: hiding * load.backward };
    const end = stageEnd(profile, load.owned, behind);
    return (reducing ? end.gradientReduce : 0) + end.gradientFlush + end.parameterGather + end.optimizer;
  };
  const line = (reducing: boolean): EndSeconds => {
    const middle = secondsOf(mean, reducing);
    const more = (load: Load) => Math.max(0, secondsOf(joined(mean, load), reducing) - middle);
    const perLayer = kinds.map((_, kind) => more(layer(kind)));
    const layers = perLayer.reduce((sum, each, kind) => sum + each * counts[kind]!, 0);
    return {
      perLayer,
      embedding: more(loadOfEnd(profile, 'embedding')),
      head: more(loadOfEnd(profile, 'head')),
      fixed: Math.max(0, middle - layers),
    };
  };
  return {
    reducing: line(true),
    reduced: line(false),
    reduceSeconds: secondsOf(mean, true) - secondsOf(mean, false),
    backwardSeconds: mean.backward,
  };
}

function loadOf(profile: StageProfile, kind: number): Load {
  return { owned: profile.layers[0]![kind]!.memory.owned, ...passesOfLayer(profile, kind) };
}

function loadOfEnd(profile: StageProfile, end: 'embedding' | 'head'): Load {
  const owned = ownedBeside(profile, { embedding: null, head: null, [end]: 0 });
  return { owned, ...passesOfEnd(profile, end) };
}

/** a + factor · b. */
function joined(a: Load, b: Load, factor = 1): Load {
  return {
    owned: plus(a.owned, b.owned, factor),
    forward: a.forward + factor * b.forward,
    backward: a.backward + factor * b.backward,
  };
}
