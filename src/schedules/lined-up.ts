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
  const done = new Uint8Array(2 * backwards);
  const line = {
    passes: [] as Pass[],
    ...{ stage: [] as number[], costs: [] as number[], waits: [] as number[], ways: [] as number[] },
    ...{ arrivals: [] as number[], ends: [] as number[], joined: [] as number[] },
  };

  /** The event that a pass waits for, and the way over which that arrives. */
  function neededBy(stage: number, { kind, microBatch, chunk }: Pass): { event: number; way: number } {
    const g = globalOf[stage]![chunk]!;
    const at = g * microBatches + microBatch;
    if (kind === 'F' && g % length > 0) return { event: at - microBatches, way: g - 1 };
    if (kind !== 'B') return { event: -1, way: -1 };
    if (g % length < length - 1) return { event: backwards + at + microBatches, way: g };
    if (done[at] === 0) throw new Error(`backward of micro-batch ${microBatch} before its forward`);
    return { event: at, way: -1 };
  }

  function add(stage: number, pass: Pass, { event, way }: { event: number; way: number }): void {
    const { kind, microBatch, chunk, whole } = pass;
    const g = globalOf[stage]![chunk]!;
    const row =
      kind === 'F'
        ? COSTS.forward
        : kind === 'W'
          ? COSTS.weightGrad
          : whole === true
            ? COSTS.wholeBackward
            : COSTS.backward;
    const at = kind === 'W' ? -1 : (kind === 'F' ? 0 : backwards) + g * microBatches + microBatch;
    line.passes.push(pass);
    line.stage.push(stage);
    line.costs.push(row * chunks + g);
    line.waits.push(event);
    line.ways.push(way);
    line.arrivals.push(way < 0 ? -1 : kind === 'F' ? g : chunks + g);
    line.ends.push(at);
    line.joined.push(pass.beside === undefined ? 0 : 1);
  }

  const next = new Int32Array(stages);
  const waiting = new Map<number, number>();
  const queue: number[] = Array.from({ length: stages }, (_, s) => s);
  const end = (event: number) => {
    if (event < 0) return;
    done[event] = 1;
    const woken = waiting.get(event);
    if (woken === undefined) return;
    waiting.delete(event);
    queue.push(woken);
  };
  let placed = 0;
  while (queue.length > 0) {
    const stage = queue.pop()!;
    const passes = order[stage]!;
    while (next[stage]! < passes.length) {
      const pass = passes[next[stage]!]!;
      const both = pass.beside === undefined ? [pass] : [pass, pass.beside];
      const needs = both.map((one) => neededBy(stage, one));
      const open = needs.find(({ event }) => event >= 0 && done[event] === 0);
      if (open !== undefined) {
        waiting.set(open.event, stage);
        break;
      }
      for (const [i, one] of both.entries()) add(stage, one, needs[i]!);
      next[stage] = next[stage]! + 1;
      placed += 1;
      for (const event of line.ends.slice(-both.length)) end(event);
    }
  }
  const all = order.reduce((sum, passes) => sum + passes.length, 0);
  if (placed < all) throw new Error(`schedule deadlocked after ${placed} of ${all} passes`);
  return {
    ...{ stages, places, events: 2 * backwards, passes: line.passes },
    stage: Int32Array.from(line.stage),
    costs: Int32Array.from(line.costs),
    waits: Int32Array.from(line.waits),
    ways: Int32Array.from(line.ways),
    arrivals: Int32Array.from(line.arrivals),
    ends: Int32Array.from(line.ends),
    joined: Uint8Array.from(line.joined),
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
