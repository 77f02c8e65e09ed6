/** What a stage is cut by: one entry for each layer in order, ends of the model among them. */
interface LayerCosts {
  /** Seconds of one micro-batch: forward; backward with what is recomputed for it. */
  readonly forward: readonly number[];
  readonly backward: readonly number[];
  /** Of weights. */
  readonly bytes: readonly number[];
}

/** Layers first … end − 1. */
export interface DealtRange {
  readonly first: number;
  readonly end: number;
}

/** Stages as they are dealt: forward from the first layer on, backward from the last on, its first stage fused with its own forward. */
export interface DealtStages {
  readonly forward: readonly DealtRange[];
  readonly backward: readonly DealtRange[];
}

interface Limits {
  /** Weights of one stage at most; a layer that has more by itself is a stage. */
  readonly bytes: number;
  /** Stages count as so many at least: GPUs. */
  readonly gpus: number;
}

/** The longest stage over the slowest layer, at most. */
const MOST = 1.1;

/**
 * The cut whose stages cost least: how many there are times what the longest may take, over all sums of neighbouring layers between the
 * slowest layer and a tenth more (ModelExecutePlan.auto, roundpipe/scheduler.py of ITcarrot/RoundPipe@e813c67). The first of equals.
 */
export function dealtStages(costs: LayerCosts, { bytes, gpus }: Limits): DealtStages {
  let best: DealtStages | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const longest of candidates(costs)) {
    const stages = cutWithin(costs, longest, bytes);
    const cost = Math.max(stages.forward.length + stages.backward.length, gpus) * longest;
    if (cost < least) [best, least] = [stages, cost];
  }
  return best!;
}

function candidates({ forward, backward }: LayerCosts): number[] {
  const slowest = Math.max(...forward, ...backward);
  const found = new Set<number>();
  for (const times of [forward, backward])
    for (let first = 0; first < times.length; first++) {
      let sum = 0;
      for (let end = first; end < times.length; end++) {
        sum += times[end]!;
        if (sum > slowest * MOST) break;
        if (sum >= slowest) found.add(sum);
      }
    }
  return [...found].sort((a, b) => a - b);
}

function cutWithin({ forward, backward, bytes }: LayerCosts, longest: number, most: number): DealtStages {
  const layers = forward.length;
  /** Whether a stage that holds so much may have one more layer. */
  const fits = (seconds: number, held: number, times: readonly number[], layer: number) =>
    seconds + times[layer]! <= longest && held + bytes[layer]! <= most;
  let fused = layers - 1;
  let [seconds, held] = [backward[fused]!, bytes[fused]!];
  while (fused > 0 && fits(seconds, held, backward, fused - 1)) {
    fused -= 1;
    seconds += backward[fused]!;
    held += bytes[fused]!;
  }
  const ranges = (times: readonly number[], order: readonly number[]): DealtRange[] => {
    const stages: DealtRange[] = [];
    let [sum, size] = [0, 0];
    for (const layer of order) {
      const last = stages.at(-1);
      if (last !== undefined && fits(sum, size, times, layer)) {
        stages[stages.length - 1] = {
          first: Math.min(last.first, layer),
          end: Math.max(last.end, layer + 1),
        };
        sum += times[layer]!;
        size += bytes[layer]!;
      } else {
        stages.push({ first: layer, end: layer + 1 });
        [sum, size] = [times[layer]!, bytes[layer]!];
      }
    }
    return stages;
  };
  const before = Array.from({ length: fused }, (_, layer) => layer);
  return {
    forward: ranges(forward, before.toReversed()).reverse(),
    backward: [{ first: fused, end: layers }, ...ranges(backward, before).reverse()],
  };
}
