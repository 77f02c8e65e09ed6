/**
 * Keys that a query reads in the mean under causality: W − W²/2s of a window (or a choice) of W among s tokens, whose first W have fewer
 * before them; s/2 where it never binds, or there is none.
 */
export function meanReach(sequence: number, window: number | null): number {
  return window === null || window >= sequence ? sequence / 2 : window - window ** 2 / (2 * sequence);
}

/** Length of the chunks of a sequence in the mean over its tokens, ΣL²/ΣL: the last one has what is left. */
export function meanChunk(sequence: number, chunk: number): number {
  if (chunk >= sequence) return sequence;
  const rest = sequence % chunk;
  return ((sequence - rest) * chunk + rest ** 2) / sequence;
}
