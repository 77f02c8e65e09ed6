import { remembered } from '../units/remembered.ts';
import {
  type ChunkPlace,
  chunkPlaces,
  modelsIn,
  type Pass,
  type PipelineShape,
  type Schedule,
} from './schedule.ts';

/** Rows of what passes cost, a global chunk each: `costs` of a line is row · chunks + global chunk. */
export const COSTS = { forward: 0, backward: 1, weightGrad: 2, wholeBackward: 3 } as const;

/**
 * An order of passes in one line, each after all that it waits for. Which one follows which is no matter of what they cost: a stage runs
 * its list strictly in order. So one line serves all costs of a shape, and to time it is to add up.
 */
export interface LinedUp {
  readonly stages: number;
  /** Global chunks: on which stage, and which of its own chunks. */
  readonly places: readonly ChunkPlace[];
  /** Ends of passes that others wait for. */
  readonly events: number;
  readonly passes: readonly Pass[];
  /** By pass, as are the following. */
  readonly stage: Int32Array;
  readonly costs: Int32Array;
  /** The event that it waits for; −1: none. */
  readonly waits: Int32Array;
  /** The boundary between global chunks over which that arrives; −1: none. */
  readonly ways: Int32Array;
  /** Its direction over the boundary, and its chunk: where the last arrival is kept; −1: nothing arrives. */
  readonly arrivals: Int32Array;
  /** The event that its end is; −1: nobody waits. */
  readonly ends: Int32Array;
  /** 1: the next one shares its slot. */
  readonly joined: Uint8Array;
}

/**
 * Dependencies: F(g) after F(g−1); B(last) after its own F; B(g) after B(g+1); W after its own B. `models`: places hold the model so
 * often, one time after the other, each for micro-batches of its own. Throws on a deadlock: an order that can never run is our bug.
 */
export function linedUp(
  order: readonly (readonly Pass[])[],
  places: readonly ChunkPlace[],
  microBatches: number,
  models = 1,
): LinedUp {
  const stages = order.length;
  const chunks = places.length;
  const length = chunks / models;
  const backwards = chunks * microBatches;
  const globalOf: number[][] = order.map(() => []);
  for (const [g, { stage, chunk }] of places.entries()) globalOf[stage]![chunk] = g;
  const line = blank(order, places, 2 * backwards);
  const done = new Uint8Array(line.events);
  let end = 0;

  /** Writes a pass at the end of the line as it stands, whether or not what it waits for is there; returns what is missing, or −1. */
  function write(stage: number, pass: Pass, at: number): number {
    const { kind, microBatch, chunk } = pass;
    const g = globalOf[stage]![chunk]!;
    const own = g * microBatches + microBatch;
    let event = -1;
    let way = -1;
    if (kind === 'F' && g % length > 0) {
      event = own - microBatches;
      way = g - 1;
    } else if (kind === 'B' && g % length < length - 1) {
      event = backwards + own + microBatches;
      way = g;
    } else if (kind === 'B') {
      if (done[own] === 0) throw new Error(`backward of micro-batch ${microBatch} before its forward`);
      event = own;
    }
    line.passes[at] = pass;
    line.stage[at] = stage;
    line.costs[at] = rowOf(pass) * chunks + g;
    line.waits[at] = event;
    line.ways[at] = way;
    line.arrivals[at] = way < 0 ? -1 : kind === 'F' ? g : chunks + g;
    line.ends[at] = kind === 'W' ? -1 : kind === 'F' ? own : backwards + own;
    line.joined[at] = pass.beside === undefined ? 0 : 1;
    return event >= 0 && done[event] === 0 ? event : -1;
  }

  const next = new Int32Array(stages);
  /** By event, the stage that waits for it, counted from 1. */
  const waiting = new Int32Array(line.events);
  const queue: number[] = Array.from({ length: stages }, (_, s) => s);
  while (queue.length > 0) {
    const stage = queue.pop()!;
    const passes = order[stage]!;
    while (next[stage]! < passes.length) {
      const pass = passes[next[stage]!]!;
      const { beside } = pass;
      let missing = write(stage, pass, end);
      if (missing < 0 && beside !== undefined) missing = write(stage, beside, end + 1);
      if (missing >= 0) {
        waiting[missing] = stage + 1;
        break;
      }
      next[stage] = next[stage]! + 1;
      for (const last = end + (beside === undefined ? 1 : 2); end < last; end++) {
        const event = line.ends[end]!;
        if (event < 0) continue;
        done[event] = 1;
        if (waiting[event]! > 0) queue.push(waiting[event]! - 1);
      }
    }
  }
  const all = line.passes.length;
  if (end < all) throw new Error(`schedule deadlocked after ${end} of ${all} passes`);
  return line;
}

function rowOf({ kind, whole }: Pass): number {
  if (kind === 'F') return COSTS.forward;
  if (kind === 'W') return COSTS.weightGrad;
  return whole === true ? COSTS.wholeBackward : COSTS.backward;
}

/** Room for every pass of an order. */
function blank(order: readonly (readonly Pass[])[], places: readonly ChunkPlace[], events: number) {
  let all = 0;
  for (const passes of order) for (const { beside } of passes) all += beside === undefined ? 1 : 2;
  const numbers = () => new Int32Array(all);
  return {
    ...{ stages: order.length, places, events, passes: new Array<Pass>(all) },
    ...{ stage: numbers(), costs: numbers(), waits: numbers(), ways: numbers() },
    ...{ arrivals: numbers(), ends: numbers(), joined: new Uint8Array(all) },
  };
}

const known = new Map<string, LinedUp>();
/** Lines are some 50 kB each, and are asked for by plans of one shape, one after the other. */
const MOST_KNOWN = 64;
/** Of longer ones none is kept. */
const LONGEST_KNOWN = 2 ** 16;

/** The line of a schedule. */
export function lineOf(schedule: Schedule, shape: PipelineShape): LinedUp {
  const { stages, microBatches, virtualStages, runAhead = 0 } = shape;
  const fresh = () =>
    linedUp(schedule.order(shape), chunkPlaces(schedule, shape), microBatches, modelsIn(schedule));
  if (2 * stages * virtualStages * microBatches > LONGEST_KNOWN) return fresh();
  const key = `${schedule.id}/${stages}/${microBatches}/${virtualStages}/${runAhead}`;
  return remembered(known, key, fresh, MOST_KNOWN);
}
