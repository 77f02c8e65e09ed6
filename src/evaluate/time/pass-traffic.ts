import { having, takenOver } from '../../techniques/index.ts';
import { expose } from '../../techniques/overlap.ts';
import type { StageContext } from '../../techniques/technique.ts';
import type { LayerAmounts, PassTraffic } from '../../techniques/traffic.ts';
import type { LayerTime } from './layer-time.ts';
import { addTime, noTime, type Passes, type PassTime, seconds } from './pass-time.ts';

const SENDING = having('passTraffic');

type Sender = LayerAmounts & { readonly time: LayerTime };

const NOTHING: Passes = { forward: 0, backward: 0 };

/** A layer with what techniques send beside its passes: hidden as far as its own compute reaches, and what a neighbour has to `spare` (prefetching of FSDP: docs.pytorch.org, notes/fsdp). */
export function withPassTraffic(part: Sender, context: StageContext, spare = NOTHING): LayerTime {
  const { time } = part;
  const traffic = trafficOf(part, context);
  if (traffic.length === 0) return time;
  const behind = computeOf(time);
  const beside = (name: keyof Passes): PassTime => {
    const pass = addTime(noTime(), time[name]);
    let compute = behind[name] + spare[name];
    for (const one of traffic)
      if (one.pass === name) compute -= addTraffic(pass, one, compute, context.c.contention);
    return pass;
  };
  return {
    ...time,
    forward: beside('forward'),
    // What has no backward is not gathered for it.
    backward: behind.backward === 0 ? time.backward : beside('backward'),
  };
}

/** Of a layer's compute what hides nothing of its own: an end of the model beside it is prefetched, or reduced, behind that. */
export function sparePasses(part: Sender, context: StageContext): Passes {
  const traffic = trafficOf(part, context);
  if (traffic.length === 0) return NOTHING;
  const { forward, backward } = computeOf(part.time);
  const left = (name: keyof Passes, compute: number) =>
    traffic.reduce(
      (rest, one) => (one.pass === name ? rest - expose(one.seconds, one.hideable, rest).hidden : rest),
      compute,
    );
  return { forward: left('forward', forward), backward: left('backward', backward) };
}

function trafficOf(part: Sender, context: StageContext): PassTraffic[] {
  const traffic: PassTraffic[] = [];
  const taken = takenOver(context.techniques);
  for (const { id, of, passTraffic } of SENDING)
    if (!taken.has(id)) traffic.push(...passTraffic(of(context.techniques), part, context));
  return traffic;
}

function computeOf({ forward, backward, recompute }: LayerTime): Passes {
  return { forward: seconds(forward), backward: seconds(backward) + seconds(recompute) };
}

/** Adds one communication to a pass; returns the seconds of compute that hide it. */
function addTraffic(pass: PassTime, one: PassTraffic, compute: number, contention: number): number {
  const { exposed, hidden } = expose(one.seconds, one.hideable, compute);
  pass.dataParallel += exposed;
  if (one.copied !== true) pass.contention += hidden * contention;
  return hidden;
}
