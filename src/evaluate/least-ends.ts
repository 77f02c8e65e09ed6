import { dataHidden } from '../techniques/data-overlap.ts';
import type { StepTraffic } from '../techniques/traffic.ts';
import { remembered } from '../units/remembered.ts';
import { type StageSpec, stageContext } from './context.ts';
import { endStages } from './ends.ts';
import { layersByKind } from './layers-by-kind.ts';
import type { LeastTraffic } from './least-traffic.ts';
import { NOTHING, type Owned, plus } from './memory/owned.ts';
import { endingKey } from './profile-keys.ts';
import { reducesBeside } from './reduced-beside.ts';
import { type ProfileCache, passingProfile, type StageProfile } from './stage-profile.ts';
import type { Passes } from './time/pass-time.ts';
import { passesOfEnd, passesOfLayer } from './time/passes.ts';
import { hidingMicroBatches, wholeEnd } from './time/stage-end.ts';

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

const MOST_REMEMBERED = 20_000;

/**
 * Of a stage's traffic some share is hidden, or as much as all its passes take: one line for either, since what one layer, or
 * the head, leaves unused hides another's. `at`: where the stage stands; its passes take no less there than those of `profile`, and
 * what they take more hides no more.
 */
export function leastEnds(profile: StageProfile, at: StageSpec, cache: ProfileCache): LeastEnds {
  const { problem, dims } = profile.context;
  const ends = endStages(at, dims.pp);
  const apart = !ends.all && ends.embedding !== ends.head;
  const traffic = remembered(
    cache.endings,
    `${endingKey(stageContext(problem, at))}|${apart}`,
    () => leastTraffic(passingProfile(problem, at, cache), apart),
    MOST_REMEMBERED,
  );
  const hidden = dataHidden({ problem, techniques: at.techniques });
  const later = reducesBeside(profile.context);
  const hiding = hidingMicroBatches(dims.vpp, dims.pp, Number.POSITIVE_INFINITY);
  const line = (of: (traffic: StepTraffic, passes: Passes) => number): LeastEnd => ({
    perLayer: traffic.layers.map((one, kind) => of(one, passesOfLayer(profile, kind))),
    embedding: of(traffic.embedding, passesOfEnd(profile, 'embedding')),
    head: of(traffic.head, passesOfEnd(profile, 'head')),
  });
  const lines = (
    key: 'reduce' | 'gather',
    behind: (passes: Passes) => number,
    beside: (one: StepTraffic) => number,
  ) => {
    const share = line((one) => one[key] * (later ? 0 : 1 - hidden[key]) + beside(one));
    if (hidden[key] === 0 || later) return [share];
    const more = (one: StepTraffic, passes: Passes) => one[key] - hiding * behind(passes) + beside(one);
    const worth = traffic.layers.some(
      (one, kind) => more(one, passesOfLayer(profile, kind)) > share.perLayer[kind]!,
    );
    return worth ? [share, line(more)] : [share];
  };
  const rest = lines(
    'gather',
    ({ forward }) => forward,
    // What drains beside backward may be hidden whole.
    ({ update, flush }) => update + flush,
  );
  const reduced = (behind: (passes: Passes) => number) => ({
    reduce: lines('reduce', behind, () => 0),
    rest,
  });
  return {
    own: reduced(({ backward }) => backward),
    anyRecompute: reduced(({ forward, backward }) => forward + backward),
  };
}

/**
 * Traffic takes a start and a time for each byte, which is less for large messages, or over sockets more: n layers take at
 * least n times what the first takes, what a second adds, or the last of all the model's layers. `apart`: the head stands on
 * another stage than the embedding, and holds a tied one again.
 */
function leastTraffic(profile: StageProfile, apart: boolean): LeastTraffic {
  const { model } = profile.context.problem;
  const layers = model.kinds.map((_, kind) => profile.layers[0]![kind]!.memory.owned);
  const embedding = profile.embedding.memory.owned;
  const { owned: whole, ownedUntied } = profile.head.memory;
  const head = apart ? whole : ownedUntied;
  let all = plus(plus(NOTHING, embedding), head);
  for (const [kind, count] of layersByKind(model).entries()) all = plus(all, layers[kind]!, count);
  const most = wholeEnd(profile, all);
  const each = (owned: Owned): StepTraffic => {
    const one = wholeEnd(profile, owned);
    const two = wholeEnd(profile, plus(owned, owned));
    const less = wholeEnd(profile, plus(all, owned, -1));
    const least = (key: keyof StepTraffic) =>
      Math.max(0, Math.min(one[key], two[key] - one[key], most[key] - less[key]));
    return {
      reduce: least('reduce'),
      gather: least('gather'),
      update: least('update'),
      flush: least('flush'),
      drain: 0,
      beside: 0,
    };
  };
  return { layers: layers.map(each), embedding: each(embedding), head: each(head) };
}
