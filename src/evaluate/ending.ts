import { lastKind } from '../layers/parameters.ts';
import type { StepTraffic } from '../techniques/technique.ts';
import { NOTHING, type Owned, plus } from './memory/owned.ts';
import { ownedBeside } from './memory/owned-by-stage.ts';
import type { StageProfile } from './stage-profile.ts';
import type { LayerTime } from './time/layer-time.ts';
import { seconds } from './time/pass-time.ts';
import { hidingMicroBatches, stageEnd, wholeEnd } from './time/stage-end.ts';

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
interface Load {
  readonly owned: Owned;
  readonly forward: number;
  readonly backward: number;
}

/** The end of the step for any stage of these GPUs. */
export function endingOf(profile: StageProfile): Ending {
  const { problem, dims } = profile.context;
  const { layers: order, kinds } = problem.model;
  const counts = kinds.map((_, kind) => order.filter((one) => one === kind).length / dims.pp);
  const layer = (kind: number) => loadOf(profile, kind);
  let mean: Load = { owned: NOTHING, forward: 0, backward: 0 };
  for (const [kind, count] of counts.entries()) mean = joined(mean, layer(kind), count);
  const hiding = hidingMicroBatches(dims.vpp, dims.pp, dims.pp);
  const secondsOf = (load: Load, reducing: boolean) => {
    const behind = { forward: hiding * load.forward, backward: hiding * load.backward };
    const end = stageEnd(profile, load.owned, behind);
    return (reducing ? end.gradientReduce : 0) + end.parameterGather + end.optimizer;
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

/** A straight line below what something adds to the end of a step: seconds of each layer of a kind, and of the ends of the model. */
export interface LeastEnd {
  readonly perLayer: readonly number[];
  readonly embedding: number;
  readonly head: number;
}

/** What the end of a stage's step takes at least, each list the more of its lines. */
export interface LeastEndLines {
  /** What follows the last backward, before other stages are waited for. */
  readonly reduce: readonly LeastEnd[];
  /** And after it. */
  readonly rest: readonly LeastEnd[];
}

/** The end of a step with the layers' own recomputation to hide behind, and with any: a whole forward, or less. */
export type LeastEnds = Readonly<Record<'own' | 'anyRecompute', LeastEndLines>>;

/** One layer of a kind, or an end: its traffic at least, and the passes behind which the stage's traffic hides. */
interface Part {
  readonly least: StepTraffic;
  readonly load: Load;
}

/**
 * Traffic takes a start and a time for each byte, which is less for large messages, or over sockets more: n layers take at
 * least n times what the first takes, what a second adds, or the last of all the model's layers. Of a stage's traffic some
 * share is hidden, or as much as all its passes take: one line for either, since what one layer, or the head, leaves unused
 * hides another's.
 */
export function leastEnds(profile: StageProfile): LeastEnds {
  const { problem, dims } = profile.context;
  const { layers: order, kinds } = problem.model;
  const hideable = problem.stack.overlap.dataParallel;
  const hiding = hidingMicroBatches(dims.vpp, dims.pp, Number.POSITIVE_INFINITY);
  let all = plus(loadOfEnd(profile, 'embedding').owned, profile.head.memory.ownedUntied);
  for (const kind of kinds.keys())
    all = plus(all, loadOf(profile, kind).owned, order.filter((one) => one === kind).length);
  const most = wholeEnd(profile, all);
  const each = (owned: Owned): StepTraffic => {
    const one = wholeEnd(profile, owned);
    const two = wholeEnd(profile, plus(owned, owned));
    const less = wholeEnd(profile, plus(all, owned, -1));
    const least = (key: keyof StepTraffic) =>
      Math.max(0, Math.min(one[key], two[key] - one[key], most[key] - less[key]));
    return { reduce: least('reduce'), gather: least('gather'), update: least('update') };
  };
  const part = (load: Load, owned = load.owned): Part => ({ least: each(owned), load });
  const parts = {
    layers: [...kinds.keys()].map((kind) => part(loadOf(profile, kind))),
    embedding: part(loadOfEnd(profile, 'embedding')),
    // A tied head may own nothing.
    head: part(loadOfEnd(profile, 'head'), profile.head.memory.ownedUntied),
  };
  const line = (of: (one: Part) => number): LeastEnd => ({
    perLayer: parts.layers.map(of),
    embedding: of(parts.embedding),
    head: of(parts.head),
  });
  const lines = (key: 'reduce' | 'gather', behind: (load: Load) => number, beside: (one: Part) => number) => {
    const share = line((one) => one.least[key] * (1 - hideable) + beside(one));
    if (hideable === 0) return [share];
    const passes = line((one) => one.least[key] - hiding * behind(one.load) + beside(one));
    return passes.perLayer.every((seconds, kind) => seconds <= share.perLayer[kind]!)
      ? [share]
      : [share, passes];
  };
  const rest = lines(
    'gather',
    ({ forward }) => forward,
    ({ least }) => least.update,
  );
  const reduced = (behind: (load: Load) => number) => ({ reduce: lines('reduce', behind, () => 0), rest });
  return {
    own: reduced(({ backward }) => backward),
    anyRecompute: reduced(({ forward, backward }) => forward + backward),
  };
}

function loadOf({ layers }: StageProfile, kind: number): Load {
  const { memory, time } = layers[0]![kind]!;
  return { owned: memory.owned, ...passes(time) };
}

/** Of the embedding; of the head, with the modules that predict further tokens. */
function loadOfEnd(profile: StageProfile, end: 'embedding' | 'head'): Load {
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
