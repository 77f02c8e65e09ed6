/** From this difference on about one of a hundred pairs of runs of a published sweep was in the wrong order (docs/accuracy.md): that much is sure. */
export const SURE = 0.15;

/** One of the plans that the model cannot tell from the fastest, and what the search makes small of it. */
export interface Contender {
  readonly value: number;
  /** The same under each disturbance; infinite where it does not fit. */
  readonly disturbed: readonly number[];
  /** How weak what it rests on is; 0: the best there is. */
  readonly evidence: number;
  /** Kinds of parallelism that it uses. */
  readonly kinds: number;
}

/**
 * Of those that stay good the one that rests on the best evidence, of these the one with the fewest kinds of parallelism, of these the
 * fastest. One stays good unless something makes it lose, to the best of all under it, `SURE` more than another loses at worst.
 */
export function steadiest<T extends Contender>(
  all: readonly T[],
): { readonly first: T; readonly staying: readonly T[] } {
  const losses = all.map((one) => worstLoss(one, all));
  const least = Math.min(...losses);
  const staying = all.filter((_, i) => losses[i]! <= least + SURE);
  return { first: staying.reduce((a, b) => (before(b, a) ? b : a)), staying };
}

/** How far one falls behind the best of all, at worst: as things are stated, and under each disturbance. */
function worstLoss<T extends Contender>(one: T, all: readonly T[]): number {
  const behind = (of: (other: T) => number) => {
    const best = Math.min(...all.map(of));
    return best === Number.POSITIVE_INFINITY ? 0 : of(one) / best - 1;
  };
  return Math.max(
    behind(({ value }) => value),
    ...one.disturbed.map((_, i) => behind(({ disturbed }) => disturbed[i]!)),
  );
}

function before(a: Contender, b: Contender): boolean {
  return (a.evidence - b.evidence || a.kinds - b.kinds || a.value - b.value) < 0;
}
