import type { ExpertPair, Placement, PlacementProblem } from './expert-placement.ts';

/** From home, swaps of two experts of a layer that save tokens, until none does. */
export function swappedExperts({ ranks, loads, pairs, balance }: PlacementProblem): Placement {
  const placement = loads.map((layer) => layer.map((_, e) => Math.floor((e * ranks) / layer.length)));
  const touching = pairsOf(loads, pairs);
  /** Of pairs of two experts of a layer with all others. */
  const apart = (layer: number, ...experts: readonly number[]) =>
    experts.reduce((sum, expert) => {
      for (const { a, b, tokens } of touching[layer]![expert]!)
        if (placement[a.layer]![a.expert] !== placement[b.layer]![b.expert]) sum += tokens;
      return sum;
    }, 0);
  for (let better = true; better; ) {
    better = false;
    for (const [layer, own] of placement.entries()) {
      const of = new Array<number>(ranks).fill(0);
      for (const [expert, rank] of own.entries()) of[rank]! += loads[layer]![expert]!;
      for (let a = 0; a < own.length; a++)
        for (let b = a + 1; b < own.length; b++) {
          const [from, to] = [own[a]!, own[b]!];
          if (from === to) continue;
          const more = loads[layer]![b]! - loads[layer]![a]!;
          const before = apart(layer, a, b) + balance * Math.max(...of);
          const swap = (x: number, y: number, by: number) => {
            own[a] = x;
            own[b] = y;
            of[from]! += by;
            of[to]! -= by;
          };
          swap(to, from, more);
          if (apart(layer, a, b) + balance * Math.max(...of) < before - 1e-9) better = true;
          else swap(from, to, -more);
        }
    }
  }
  return placement;
}

function pairsOf(loads: PlacementProblem['loads'], pairs: readonly ExpertPair[]): ExpertPair[][][] {
  const of = loads.map((layer) => layer.map((): ExpertPair[] => []));
  for (const pair of pairs) for (const { layer, expert } of [pair.a, pair.b]) of[layer]![expert]!.push(pair);
  return of;
}
