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
 * most of any rank. null: not stated.
 */
export function rankImbalance(routing: Routing, ranks: number): number | null {
  const { imbalance, capacity = UNLIMITED } = routing;
  const each = rankImbalances(routing, ranks);
  if (each !== null) return meanOf(each);
  return imbalance === undefined ? null : Math.min(imbalance, capacity);
}

/** The same of each layer; null: loads are not stated. */
export function rankImbalances(
  { loads, capacity = UNLIMITED }: Routing,
  ranks: number,
): readonly number[] | null {
  if (loads === undefined) return null;
  return loads.map((layer) => {
    const mean = meanOf(layer);
    const own = layer.length / ranks;
    const sums = Array.from({ length: ranks }, (_, rank) =>
      layer.slice(rank * own, (rank + 1) * own).reduce((all, one) => all + Math.min(one, capacity * mean), 0),
    );
    return mean === 0 ? 1 : Math.max(...sums) / (mean * own);
  });
}

/** Share of the tokens that finds no room at its experts, on average over layers; null: not known without loads. */
export function droppedShare({ loads, capacity = UNLIMITED }: Routing): number | null {
  if (loads === undefined) return capacity === UNLIMITED ? 0 : null;
  return meanOf(
    loads.map((layer) => {
      const mean = meanOf(layer);
      const kept = meanOf(layer.map((one) => Math.min(one, capacity * mean)));
      return mean === 0 ? 0 : 1 - kept / mean;
    }),
  );
}

/** No rank that is the busiest has less of the mean, however many there are: below 1 where tokens are dropped. */
export function leastBusiest(routing: Routing | undefined): number {
  if (routing?.capacity === undefined) return 1;
  const dropped = droppedShare(routing);
  return dropped === null ? Math.min(1, routing.capacity) : 1 - dropped;
}

const UNLIMITED = Number.POSITIVE_INFINITY;

export function meanOf(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0) / values.length;
}
