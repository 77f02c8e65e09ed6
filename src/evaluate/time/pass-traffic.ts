import { having, takenOver } from '../../techniques/index.ts';
import { expose } from '../../techniques/overlap.ts';
import type { StageContext } from '../../techniques/technique.ts';
import type { PassTraffic } from '../../techniques/traffic.ts';
import type { PartProfile } from '../part-profile.ts';
import type { LayerTime } from './layer-time.ts';
import { addTime, noTime, type PassTime, seconds } from './pass-time.ts';

const SENDING = having('passTraffic');

/** A layer with what techniques send beside its passes: hidden as far as its own compute reaches (prefetching of FSDP: docs.pytorch.org, notes/fsdp). */
export function withPassTraffic(part: PartProfile, context: StageContext): LayerTime {
  const { time } = part;
  const traffic: PassTraffic[] = [];
  const taken = takenOver(context.techniques);
  for (const { id, of, passTraffic } of SENDING)
    if (!taken.has(id)) traffic.push(...passTraffic(of(context.techniques), part, context));
  const behind = seconds(time.backward) + seconds(time.recompute);
  if (traffic.length === 0) return time;
  const beside = (name: 'forward' | 'backward', compute: number): PassTime => {
    const pass = addTime(noTime(), time[name]);
    for (const one of traffic)
      if (one.pass === name) compute -= addTraffic(pass, one, compute, context.c.contention);
    return pass;
  };
  return {
    ...time,
    forward: beside('forward', seconds(time.forward)),
    // What has no backward is not gathered for it.
    backward: behind === 0 ? time.backward : beside('backward', behind),
  };
}

/** Adds one communication to a pass; returns the seconds of compute that hide it. */
function addTraffic(pass: PassTime, one: PassTraffic, compute: number, contention: number): number {
  const { exposed, hidden } = expose(one.seconds, one.hideable, compute);
  pass.dataParallel += exposed;
  if (one.copied !== true) pass.contention += hidden * contention;
  return hidden;
}
