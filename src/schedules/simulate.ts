import { COSTS, type LinedUp } from './lined-up.ts';
import type { Pass } from './schedule.ts';

/** Durations in seconds, by stage and by the stage's own chunk; transfers by global chunk boundary. */
export interface PassCosts {
  readonly forward: readonly (readonly number[])[];
  /** Input gradients; weight gradients too when the order has no W passes. */
  readonly backward: readonly (readonly number[])[];
  readonly weightGrad: readonly (readonly number[])[];
  /** Delay from the end of a forward of global chunk g to the earliest start of g + 1; the same backward. */
  readonly transfer: readonly number[];
  /** For how long the way over a boundary is taken by one transfer, each direction by itself; left out: no time. */
  readonly occupied?: readonly number[];
  /** Of a forward and the backward that shares its slot; left out: one after the other. */
  readonly fused?: (forward: number, backward: number) => number;
}

export interface Simulation {
  readonly makespanSeconds: number;
  readonly busySeconds: readonly number[];
  /** When each stage's last pass ends. */
  readonly finishSeconds: readonly number[];
}

/** Told of each pass as it runs, also of one that shares the slot of another: when it begins and ends, and since when it could. */
export type Noted = (stage: number, pass: Pass, slot: { from: number; to: number; ready: number }) => void;

/** Plays an order of passes: each begins as soon as its stage is free and what it depends on has arrived. */
export function simulate(line: LinedUp, costs: PassCosts, noted?: Noted): Simulation {
  const { stage: stageOf, waits, ways, arrivals, ends, joined, costs: costOf } = line;
  const { transfer, fused } = costs;
  const occupied = costs.occupied ?? transfer.map(() => 0);
  const secondsOf = rows(line, costs);
  const done = new Float64Array(line.events);
  /** When the last transfer over each boundary arrived, by direction. */
  const arrived = new Float64Array(2 * line.places.length).fill(Number.NEGATIVE_INFINITY);
  const clock = new Float64Array(line.stages);
  const busy = new Float64Array(line.stages);
  /** When what a pass needs has arrived. */
  const readyOf = (i: number): number => {
    const event = waits[i]!;
    if (event < 0) return 0;
    const way = ways[i]!;
    if (way < 0) return done[event]!;
    return Math.max(done[event]! + transfer[way]!, arrived[arrivals[i]!]! + occupied[way]!);
  };
  const finish = (i: number, ready: number, end: number) => {
    if (arrivals[i]! >= 0) arrived[arrivals[i]!] = ready;
    if (ends[i]! >= 0) done[ends[i]!] = end;
  };
  for (let i = 0; i < costOf.length; i++) {
    const stage = stageOf[i]!;
    const ready = readyOf(i);
    const first = secondsOf[costOf[i]!]!;
    if (joined[i] === 0) {
      const start = Math.max(clock[stage]!, ready);
      const end = start + first;
      noted?.(stage, line.passes[i]!, { from: start, to: end, ready });
      clock[stage] = end;
      busy[stage] = busy[stage]! + first;
      finish(i, ready, end);
      continue;
    }
    const other = i + 1;
    const otherReady = readyOf(other);
    const second = secondsOf[costOf[other]!]!;
    const seconds = fused === undefined ? first + second : fused(first, second);
    const start = Math.max(clock[stage]!, ready, otherReady);
    const end = start + seconds;
    noted?.(stage, line.passes[i]!, { from: start, to: end, ready });
    noted?.(stage, line.passes[other]!, { from: start, to: end, ready: otherReady });
    clock[stage] = end;
    busy[stage] = busy[stage]! + seconds;
    finish(i, ready, end);
    finish(other, otherReady, end);
    i = other;
  }
  return {
    makespanSeconds: clock.reduce((a, b) => Math.max(a, b), 0),
    busySeconds: Array.from(busy),
    finishSeconds: Array.from(clock),
  };
}

/** Seconds as a line asks for them. */
function rows({ places }: LinedUp, { forward, backward, weightGrad }: PassCosts): Float64Array {
  const chunks = places.length;
  const all = new Float64Array(Object.keys(COSTS).length * chunks);
  for (const [g, { stage, chunk }] of places.entries()) {
    const [inputs, weights] = [backward[stage]![chunk]!, weightGrad[stage]![chunk]!];
    all[COSTS.forward * chunks + g] = forward[stage]![chunk]!;
    all[COSTS.backward * chunks + g] = inputs;
    all[COSTS.weightGrad * chunks + g] = weights;
    all[COSTS.wholeBackward * chunks + g] = inputs + weights;
  }
  return all;
}
