/**
 * Stateless stages: a stage is a run of layers that whichever GPU is next takes up from host memory, works through for a round of
 * micro-batches, and lets go. Units of time are the caller's.
 */
export interface StageVisits {
  /** Forward of one micro-batch, in the order of layers; those of the fused stage are left out. */
  readonly forward: readonly number[];
  /** Backward of one micro-batch, from the last layers to the first; the first is fused with its own forward. */
  readonly backward: readonly BackwardVisit[];
}

interface BackwardVisit {
  /** Recomputation, or the forward of the fused stage: may run before the gradient arrives. */
  readonly before: number;
  readonly backward: number;
}

interface Rounds {
  readonly gpus: number;
  readonly microBatches: number;
  /** Micro-batches that pass a stage before the next round begins. */
  readonly perRound: number;
  /** From one GPU to another through the host. */
  readonly hop: number;
}

export interface DispatchedPlay {
  readonly makespan: number;
  readonly busy: readonly number[];
}

/** Told of each visit as it runs, what runs again before a backward as part of it. */
export type Visited = (
  gpu: number,
  what: 'forward' | 'backward',
  microBatch: number,
  from: number,
  to: number,
) => void;

/**
 * Slot i of a round is on GPU (g + i) mod N; the next round begins on the GPU that is free first (RoundPipe, arXiv 2604.27085;
 * ITcarrot/RoundPipe-artifact@e44270a, pp-simulate). A GPU takes slots and micro-batches strictly in order.
 */
export function playDispatched(
  { forward, backward }: StageVisits,
  rounds: Rounds,
  visited?: Visited,
): DispatchedPlay {
  const { gpus, microBatches, perRound, hop } = rounds;
  const free = new Float64Array(gpus);
  const busy = new Float64Array(gpus);
  let first = 0;
  for (let from = 0; from < microBatches; from += perRound) {
    const size = Math.min(perRound, microBatches - from);
    const forwarded: Arrivals = { at: new Float64Array(size), gpu: -1 };
    const returned: Arrivals = { at: new Float64Array(size), gpu: -1 };
    const visit = (
      slot: number,
      before: number,
      seconds: number,
      needs: readonly Arrivals[],
      is: Arrivals,
    ) => {
      const gpu = (first + slot) % gpus;
      for (let m = 0; m < size; m++) {
        let start = free[gpu]! + before;
        for (const one of needs)
          if (one.gpu >= 0) start = Math.max(start, one.at[m]! + (one.gpu === gpu ? 0 : hop));
        const end = start + seconds;
        visited?.(gpu, slot < forward.length ? 'forward' : 'backward', from + m, start - before, end);
        is.at[m] = end;
        free[gpu] = end;
        busy[gpu]! += before + seconds;
      }
      is.gpu = gpu;
    };
    for (const [slot, seconds] of forward.entries()) visit(slot, 0, seconds, [forwarded], forwarded);
    for (const [i, one] of backward.entries())
      visit(forward.length + i, one.before, one.backward, [forwarded, returned], returned);
    first = free.indexOf(Math.min(...free));
  }
  return { makespan: Math.max(...free), busy: Array.from(busy) };
}

/** When each micro-batch of a round left its last stage of a kind, and on which GPU; −1: none yet. */
interface Arrivals {
  readonly at: Float64Array;
  gpu: number;
}
