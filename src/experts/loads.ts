/** Tokens that each expert of one layer is sent by all ranks; experts lie on ranks in order, as many on each. */
export type Loads = readonly number[];

/** Tokens of each rank where every expert stays at home. */
export function rankLoads(loads: Loads, ranks: number): number[] {
  const each = loads.length / ranks;
  return Array.from({ length: ranks }, (_, rank) => sum(loads.slice(rank * each, (rank + 1) * each)));
}

/** The most of any over the mean of all: 1 is even. MaxVio of experts is this less 1 (arXiv 2408.15664). */
export function imbalanceOf(loads: Loads): number {
  const total = sum(loads);
  return total === 0 ? 1 : (Math.max(...loads) * loads.length) / total;
}

export function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}

/**
 * A share of the tokens goes to the first `hot` experts, in turn, all choices of a token among them; the rest evenly to the others
 * (create_imbalanced_routing, test_llep.py of SalesforceAIResearch/LeastLoadedEP@0349746).
 */
export function concentrated(
  experts: number,
  {
    tokens,
    topK,
    share,
    hot,
  }: { readonly tokens: number; readonly topK: number; readonly share: number; readonly hot: number },
): Loads {
  const loads = new Array<number>(experts)
    .fill((tokens * topK * (1 - share)) / (experts - hot))
    .fill(0, 0, hot);
  for (let choice = 0; choice < topK; choice++) loads[choice % hot]! += tokens * share;
  return loads;
}
