import { generator } from '../units/random.ts';

export interface Budget {
  readonly seed: number;
  /** Orders that annealing tries. */
  readonly moves: number;
  /** Nodes up to which every order is tried instead. */
  readonly exactNodes: number;
}

/** What an order costs: step seconds, and the sum of transfer times, which shows a way across plateaus. */
export interface Energy {
  readonly seconds: number;
  readonly slowness: number;
}

/** Starting temperature and its end, as shares of the starting step time. */
const HOT = 0.02;
const COLD = 1e-5;

/**
 * Simulated annealing over orders: swap two nodes of a group or reverse a stretch of it; geometric cooling; the best order
 * seen is returned. Deterministic for a seed.
 */
export function annealed(
  start: readonly number[],
  groups: readonly (readonly number[])[],
  energy: (order: readonly number[]) => Energy,
  { seed, moves }: Budget,
): readonly number[] {
  const random = generator(seed);
  const spots = spotsOf(groups).filter(({ size }) => size > 1);
  const places = spots.reduce((sum, { size }) => sum + size, 0);
  if (places === 0) return start;
  let order = [...start];
  let now = energy(order);
  let best = order;
  let least = now;
  const scale = now.seconds;
  const slowest = now.slowness;
  // Orders of equal step time differ by their mean link: worth at most a thousandth of the step.
  const cost = (e: Energy) => e.seconds / scale + (1e-3 * e.slowness) / slowest;
  for (let move = 0; move < moves; move++) {
    const temperature = HOT * (COLD / HOT) ** (move / moves);
    let pick = Math.floor(random() * places);
    const spot = spots.find(({ size }) => {
      if (pick < size) return true;
      pick -= size;
      return false;
    })!;
    const i = spot.first + pick;
    const j = spot.first + Math.floor(random() * spot.size);
    if (i === j) continue;
    const next = [...order];
    if (random() < 0.5) [next[i], next[j]] = [next[j]!, next[i]!];
    else reverse(next, Math.min(i, j), Math.max(i, j));
    const then = energy(next);
    if (cost(then) > cost(now) && random() >= Math.exp((cost(now) - cost(then)) / temperature)) continue;
    [order, now] = [next, then];
    if (cost(now) < cost(least)) [best, least] = [order, now];
  }
  return best;
}

function spotsOf(groups: readonly (readonly number[])[]): { first: number; size: number }[] {
  let first = 0;
  return groups.map(({ length }) => {
    const spot = { first, size: length };
    first += length;
    return spot;
  });
}

function reverse(list: number[], from: number, to: number): void {
  for (let a = from, b = to; a < b; a++, b--) [list[a], list[b]] = [list[b]!, list[a]!];
}
