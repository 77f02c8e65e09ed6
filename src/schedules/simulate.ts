import type { ChunkPlace, Pass } from './schedule.ts';

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

/**
 * Plays an order of passes: a stage runs its list strictly in order, each pass as soon as what it depends on has
 * arrived. Dependencies: F(g) after F(g−1); B(last) after its own F; B(g) after B(g+1); W after its own B. `models`: places hold the model
 * so often, one time after the other, each for micro-batches of its own.
 * Throws on a deadlock: an order that can never run is our bug.
 */
export function simulate(
  order: readonly (readonly Pass[])[],
  places: readonly ChunkPlace[],
  microBatches: number,
  costs: PassCosts,
  models = 1,
  noted?: Noted,
): Simulation {
  const stages = order.length;
  const chunks = places.length;
  const length = chunks / models;
  const occupied = costs.occupied ?? costs.transfer.map(() => 0);
  const globalOf: number[][] = order.map(() => []);
  for (const [g, { stage, chunk }] of places.entries()) globalOf[stage]![chunk] = g;
  const forwardDone = new Float64Array(chunks * microBatches).fill(-1);
  const backwardDone = new Float64Array(chunks * microBatches).fill(-1);
  /** When the last transfer over each boundary arrived. */
  const forwardArrived = new Float64Array(chunks).fill(Number.NEGATIVE_INFINITY);
  const backwardArrived = new Float64Array(chunks).fill(Number.NEGATIVE_INFINITY);
  const clock = new Float64Array(stages);
  const busy = new Float64Array(stages);
  const next = new Int32Array(stages);
  /** When what a pass needs has arrived, or the event that it waits for. */
  function readyOf(stage: number, { kind, microBatch, chunk }: Pass): { ready: number; need: number } {
    const g = globalOf[stage]![chunk]!;
    const at = g * microBatches + microBatch;
    if (kind === 'F' && g % length > 0) {
      const before = forwardDone[at - microBatches]!;
      if (before < 0) return { ready: 0, need: at - microBatches };
      return {
        ready: Math.max(before + costs.transfer[g - 1]!, forwardArrived[g]! + occupied[g - 1]!),
        need: -1,
      };
    }
    if (kind !== 'B') return { ready: 0, need: -1 };
    if (g % length === length - 1) {
      if (forwardDone[at]! < 0) throw new Error(`backward of micro-batch ${microBatch} before its forward`);
      return { ready: forwardDone[at]!, need: -1 };
    }
    const after = backwardDone[at + microBatches]!;
    if (after < 0) return { ready: 0, need: chunks * microBatches + at + microBatches };
    return { ready: Math.max(after + costs.transfer[g]!, backwardArrived[g]! + occupied[g]!), need: -1 };
  }

  function secondsOf(stage: number, { kind, chunk, whole }: Pass): number {
    const weights = costs.weightGrad[stage]![chunk]!;
    if (kind === 'F') return costs.forward[stage]![chunk]!;
    return kind === 'W' ? weights : costs.backward[stage]![chunk]! + (whole === true ? weights : 0);
  }

  /** Notes the end of a pass, and wakes who waits for it. */
  function finish(stage: number, { kind, microBatch, chunk }: Pass, ready: number, end: number): void {
    if (kind === 'W') return;
    const g = globalOf[stage]![chunk]!;
    const at = g * microBatches + microBatch;
    (kind === 'F' ? forwardArrived : backwardArrived)[g] = ready;
    (kind === 'F' ? forwardDone : backwardDone)[at] = end;
    const event = kind === 'F' ? at : chunks * microBatches + at;
    const woken = waiting.get(event);
    if (woken === undefined) return;
    waiting.delete(event);
    queue.push(woken);
  }

  const queue: number[] = Array.from({ length: stages }, (_, s) => s);
  const waiting = new Map<number, number>();
  let done = 0;
  const all = order.reduce((sum, passes) => sum + passes.length, 0);
  while (queue.length > 0) {
    const stage = queue.pop()!;
    const passes = order[stage]!;
    while (next[stage]! < passes.length) {
      const pass = passes[next[stage]!]!;
      const own = readyOf(stage, pass);
      const other = pass.beside === undefined || own.need >= 0 ? null : readyOf(stage, pass.beside);
      const need = own.need >= 0 ? own.need : (other?.need ?? -1);
      if (need >= 0) {
        waiting.set(need, stage);
        break;
      }
      const first = secondsOf(stage, pass);
      const second = pass.beside === undefined ? 0 : secondsOf(stage, pass.beside);
      const seconds =
        other !== null && costs.fused !== undefined ? costs.fused(first, second) : first + second;
      const start = Math.max(clock[stage]!, own.ready, other?.ready ?? 0);
      const end = start + seconds;
      noted?.(stage, pass, { from: start, to: end, ready: own.ready });
      if (pass.beside !== undefined)
        noted?.(stage, pass.beside, { from: start, to: end, ready: other!.ready });
      clock[stage] = end;
      busy[stage] = busy[stage]! + seconds;
      next[stage] = next[stage]! + 1;
      done += 1;
      finish(stage, pass, own.ready, end);
      if (pass.beside !== undefined) finish(stage, pass.beside, other!.ready, end);
    }
  }
  if (done < all) throw new Error(`schedule deadlocked after ${done} of ${all} passes`);
  return {
    makespanSeconds: clock.reduce((a, b) => Math.max(a, b), 0),
    busySeconds: Array.from(busy),
    finishSeconds: Array.from(clock),
  };
}
