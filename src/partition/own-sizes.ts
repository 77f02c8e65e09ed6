/** Copies of a stage on GPUs of one kind. */
export interface CopiesClass {
  readonly count: number;
  /** Seconds of one micro-batch of so many sequences, forward and backward. */
  readonly seconds: (size: number) => number;
}

/**
 * Sizes of micro-batches, one for each class of copies and not all alike, of which the slowest copy takes least time, where
 * all copies together work through `sequences` at a time: every combination of the sizes is looked at. Null: none sums up.
 */
export function ownSizes(
  classes: readonly CopiesClass[],
  sequences: number,
  among: readonly number[],
): number[] | null {
  let best: number[] | null = null;
  let least = Number.POSITIVE_INFINITY;
  const deal = (sofar: readonly number[], left: number, seconds: number): void => {
    const { count, seconds: of } = classes[sofar.length]!;
    const last = sofar.length === classes.length - 1;
    for (const size of among) {
      const rest = left - count * size;
      if (last ? rest !== 0 : rest <= 0) continue;
      const sizes = [...sofar, size];
      if (last && sizes.every((one) => one === size)) continue;
      const slowest = Math.max(seconds, of(size));
      if (slowest >= least) continue;
      if (!last) deal(sizes, rest, slowest);
      else [best, least] = [sizes, slowest];
    }
  };
  deal([], sequences, 0);
  return best;
}
