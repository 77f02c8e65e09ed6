/** How unevenly tokens go to experts: one figure for whatever ranks there are, or what each expert of each layer was sent. */
export interface Routing {
  /** Tokens of the rank with most over the mean, in each layer. */
  readonly imbalance?: number;
  /** Tokens of each expert, layer by layer. */
  readonly loads?: readonly (readonly number[])[];
  /** Room of an expert over the mean; what finds none is dropped. Left out: nothing is. */
  readonly capacity?: number;
}

/**
 * Tokens of the busiest expert rank over the mean: layers wait for one another at each exchange, so that it is the mean over layers of the
 * most of any rank.
 */
export function rankImbalance(
  { imbalance, loads, capacity = Number.POSITIVE_INFINITY }: Routing,
  ranks: number,
): number {
  if (loads === undefined) return Math.min(imbalance ?? 1, capacity);
  const each = loads.map((layer) => {
    const mean = layer.reduce((all, one) => all + one, 0) / layer.length;
    const own = layer.length / ranks;
    const sums = Array.from({ length: ranks }, (_, rank) =>
      layer.slice(rank * own, (rank + 1) * own).reduce((all, one) => all + Math.min(one, capacity * mean), 0),
    );
    return mean === 0 ? 1 : Math.max(...sums) / (mean * own);
  });
  return each.reduce((all, one) => all + one, 0) / each.length;
}
