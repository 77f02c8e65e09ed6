import { lastKind } from '../layers/parameters.ts';
import { NOTHING, type Owned, plus } from './memory/owned.ts';
import { ownedBeside } from './memory/owned-by-stage.ts';
import type { StageProfile } from './stage-profile.ts';
import type { LayerTime } from './time/layer-time.ts';
import { seconds } from './time/pass-time.ts';
import { hidingMicroBatches, stageEnd } from './time/stage-end.ts';

/** What stands between the last backward and the next step. */
export type Ending = Readonly<Record<'first' | 'later', EndSeconds>>;

/** Seconds, as a straight line near a stage of the mean number of layers. */
export interface EndSeconds {
  readonly perLayer: readonly number[];
  readonly embedding: number;
  readonly head: number;
  readonly fixed: number;
}

/** What a stage has: what it owns, and the passes behind which its traffic hides. Seconds of one micro-batch. */
interface Load {
  readonly owned: Owned;
  readonly forward: number;
  readonly backward: number;
}

/**
 * The end of the step for any stage of these GPUs: gathering parameters and the optimizer. The first stage's last backward is
 * the pipeline's last, so its reduction counts too; later stages have done theirs while earlier ones are still busy.
 */
export function endingOf(profile: StageProfile): Ending {
  const { problem, dims } = profile.context;
  const { layers: order, kinds } = problem.model;
  const counts = kinds.map((_, kind) => order.filter((one) => one === kind).length / dims.pp);
  const layer = (kind: number) => loadOf(profile, kind);
  let mean: Load = { owned: NOTHING, forward: 0, backward: 0 };
  for (const [kind, count] of counts.entries()) mean = joined(mean, layer(kind), count);
  const hiding = hidingMicroBatches(dims.vpp, dims.pp, dims.pp);
  const secondsOf = (load: Load, first: boolean) => {
    const behind = { forward: hiding * load.forward, backward: hiding * load.backward };
    const end = stageEnd(profile, load.owned, behind);
    return (first ? end.gradientReduce : 0) + end.parameterGather + end.optimizer;
  };
  const line = (first: boolean): EndSeconds => {
    const middle = secondsOf(mean, first);
    const more = (load: Load) => Math.max(0, secondsOf(joined(mean, load), first) - middle);
    const perLayer = kinds.map((_, kind) => more(layer(kind)));
    const layers = perLayer.reduce((sum, each, kind) => sum + each * counts[kind]!, 0);
    return {
      perLayer,
      embedding: more(endOf(profile, 'embedding')),
      head: more(endOf(profile, 'head')),
      fixed: Math.max(0, middle - layers),
    };
  };
  return { first: line(true), later: line(false) };
}

function loadOf({ layers }: StageProfile, kind: number): Load {
  const { memory, time } = layers[0]![kind]!;
  return { owned: memory.owned, ...passes(time) };
}

/** Of the embedding; of the head, with the modules that predict further tokens. */
function endOf(profile: StageProfile, end: 'embedding' | 'head'): Load {
  const { model } = profile.context.problem;
  const owned = ownedBeside(profile, { embedding: null, head: null, [end]: 0 });
  const own = { owned, ...passes(profile[end].time) };
  if (end === 'embedding') return own;
  const module = { owned: NOTHING, ...passes(profile.prediction.time) };
  const layer = { ...loadOf(profile, lastKind(model)), owned: NOTHING };
  return joined(own, joined(module, layer), model.mtpLayers);
}

function passes({ forward, backward, recompute }: LayerTime): Pick<Load, 'forward' | 'backward'> {
  return { forward: seconds(forward), backward: seconds(backward) + seconds(recompute) };
}

/** a + factor · b. */
function joined(a: Load, b: Load, factor = 1): Load {
  return {
    owned: plus(a.owned, b.owned, factor),
    forward: a.forward + factor * b.forward,
    backward: a.backward + factor * b.backward,
  };
}
