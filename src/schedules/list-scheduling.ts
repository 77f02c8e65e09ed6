import type { Pass, PipelineShape } from './schedule.ts';

/** What the greedy order needs to know besides the shape. Durations are relative: only their proportions matter. */
export interface GreedyRules {
  /** Stage of each global chunk, in layer order. */
  readonly stageOfChunk: (chunk: number) => number;
  /** Most chunk activations alive on a stage at once. */
  readonly limit: (stage: number) => number;
  /** Forward, input gradient and weight gradient of one chunk. */
  readonly durations: readonly [number, number, number];
}

interface StageState {
  free: number;
  alive: number;
  /** Next micro-batch to run forward and backward, by own chunk. */
  readonly forward: number[];
  readonly backward: number[];
  /** Backward done, weight gradient to do: [micro-batch, chunk]. */
  readonly pending: [number, number][];
}

/**
 * Zero-bubble orders by list scheduling under a memory limit, as the automatic schedules of Qi et al. (arXiv 2401.10241,
 * section 3.1; 2405.15362): a free stage runs a backward that is ready, else a forward that memory allows, else a weight
 * gradient; activations are freed by the weight gradient. Deeper chunks go first, and a first chunk may not take the
 * last place that a deeper one needs, so the order cannot deadlock.
 */
export function greedyOrder(
  { stages, microBatches, virtualStages }: PipelineShape,
  rules: GreedyRules,
): Pass[][] {
  const chunks = stages * virtualStages;
  const own: number[][] = Array.from({ length: stages }, () => []);
  for (let g = 0; g < chunks; g++) own[rules.stageOfChunk(g)]!.push(g);
  const [tf, tb, tw] = rules.durations;
  const forwardEnd = new Float64Array(chunks * microBatches).fill(Number.POSITIVE_INFINITY);
  const backwardEnd = new Float64Array(chunks * microBatches).fill(Number.POSITIVE_INFINITY);
  const order: Pass[][] = own.map(() => []);
  const states: StageState[] = own.map((list) => ({
    free: 0,
    alive: 0,
    forward: list.map(() => 0),
    backward: list.map(() => 0),
    pending: [],
  }));
  let left = 3 * chunks * microBatches;
  let now = 0;
  while (left > 0) {
    let next = Number.POSITIVE_INFINITY;
    for (let s = 0; s < stages; s++) {
      const state = states[s]!;
      if (state.free > now) {
        next = Math.min(next, state.free);
        continue;
      }
      const pass = choose(s, now);
      if (pass === null) continue;
      order[s]!.push(pass);
      left -= 1;
      state.free = run(s, pass, now);
      next = Math.min(next, state.free);
    }
    if (next === Number.POSITIVE_INFINITY) throw new Error('list scheduling stalled');
    now = next;
  }
  return order;

  function choose(s: number, time: number): Pass | null {
    const state = states[s]!;
    const list = own[s]!;
    for (let c = list.length - 1; c >= 0; c--) {
      const m = state.backward[c]!;
      if (m >= microBatches || m >= state.forward[c]!) continue;
      const g = list[c]!;
      const ready =
        g === chunks - 1 ? forwardEnd[g * microBatches + m]! : backwardEnd[(g + 1) * microBatches + m]!;
      if (ready <= time) return { kind: 'B', microBatch: m, chunk: c };
    }
    for (let c = list.length - 1; c >= 0; c--) {
      const m = state.forward[c]!;
      if (m >= microBatches) continue;
      const deeper = list.length - 1 - c;
      if (
        state.alive +
          1 +
          (state.forward[c]! > (state.forward[list.length - 1] ?? 0) || c < list.length - 1 ? deeper : 0) >
        rules.limit(s)
      )
        continue;
      const g = list[c]!;
      if (g === 0 || forwardEnd[(g - 1) * microBatches + m]! <= time)
        return { kind: 'F', microBatch: m, chunk: c };
    }
    const waiting = state.pending[0];
    return waiting === undefined ? null : { kind: 'W', microBatch: waiting[0], chunk: waiting[1] };
  }

  function run(s: number, { kind, microBatch: m, chunk: c }: Pass, time: number): number {
    const state = states[s]!;
    const at = own[s]![c]! * microBatches + m;
    if (kind === 'F') {
      state.forward[c]! += 1;
      state.alive += 1;
      forwardEnd[at] = time + tf;
      return time + tf;
    }
    if (kind === 'B') {
      state.backward[c]! += 1;
      state.pending.push([m, c]);
      backwardEnd[at] = time + tb;
      return time + tb;
    }
    state.pending.shift();
    state.alive -= 1;
    return time + tw;
  }
}
