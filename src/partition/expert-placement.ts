/** Two experts that the same tokens go to: in one layer (fan-out), or one after the other (ExFlow's affinity). */
export interface ExpertPair {
  readonly a: ExpertAt;
  readonly b: ExpertAt;
  /** Tokens that need another rank where the two lie apart. */
  readonly tokens: number;
}

export interface ExpertAt {
  readonly layer: number;
  readonly expert: number;
}

/** As many experts of each layer on every rank. */
export interface PlacementProblem {
  readonly ranks: number;
  /** Tokens of each expert, layer by layer. */
  readonly loads: readonly (readonly number[])[];
  readonly pairs: readonly ExpertPair[];
  /** What a token of the busiest rank counts against one that needs another rank. */
  readonly balance: number;
}

/** Rank of each expert, layer by layer. */
export type Placement = readonly (readonly number[])[];

/** Tokens that need another rank, and those of the busiest rank of each layer. */
export function placementCost(
  { ranks, loads, pairs, balance }: PlacementProblem,
  placement: Placement,
): number {
  const apart = pairs.reduce(
    (sum, { a, b, tokens }) =>
      placement[a.layer]![a.expert] === placement[b.layer]![b.expert] ? sum : sum + tokens,
    0,
  );
  if (balance === 0) return apart;
  const busiest = loads.map((layer, l) => {
    const of = new Array<number>(ranks).fill(0);
    for (const [expert, load] of layer.entries()) of[placement[l]![expert]!]! += load;
    return Math.max(...of);
  });
  return apart + balance * busiest.reduce((sum, one) => sum + one, 0);
}
