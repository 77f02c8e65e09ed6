/** Copies of a stage on GPUs of one kind. */
export interface CopiesClass {
  readonly count: number;
  /** Seconds of one micro-batch of so many sequences, forward and backward. */
  readonly seconds: (size: number) => number;
  /** Seconds of the end of a step after micro-batches of so many. */
  readonly end: (size: number) => number;
}

/**
 * Sizes of micro-batches, one for each class of copies and not all alike, with which a step of so many micro-batches takes
 * least time, where all copies together work through `sequences` at a time: every combination is looked at. Null: none sums up.
 */
export function ownSizes(
  classes: readonly CopiesClass[],
  { sequences, microBatches }: { readonly sequences: number; readonly microBatches: number },
  among: readonly number[],
): number[] | null {
  let best: number[] | null = null;
  let least = Number.POSITIVE_INFINITY;
  const deal = (sofar: readonly number[], left: number, seconds: number): void => {
    const one = classes[sofar.length]!;
    const last = sofar.length === classes.length - 1;
    for (const size of among) {
      const rest = left - one.count * size;
      if (last ? rest !== 0 : rest <= 0) continue;
      const sizes = [...sofar, size];
      if (last && sizes.every((other) => other === size)) continue;
      const step = Math.max(seconds, microBatches * one.seconds(size) + one.end(size));
      if (step >= least) continue;
      if (!last) deal(sizes, rest, step);
      else [best, least] = [sizes, step];
    }
  };
  deal([], sequences, 0);
  return best;
}
