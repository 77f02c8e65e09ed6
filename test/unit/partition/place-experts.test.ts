import { describe, expect, it } from 'vitest';
import { type PlacementProblem, placementCost } from '../../../src/partition/expert-placement.ts';
import { placeExperts } from '../../../src/partition/place-experts.ts';
import { swappedExperts } from '../../../src/partition/swap-experts.ts';
import { generator } from '../../../src/units/random.ts';

const SEED = Number(process.env.SEED ?? 1);

/** Every way to put as many experts of a layer on each rank. */
function ways(experts: number, ranks: number): number[][] {
  const room = experts / ranks;
  const grow = (own: readonly number[]): number[][] =>
    own.length === experts
      ? [[...own]]
      : Array.from({ length: ranks }, (_, rank) => rank)
          .filter((rank) => own.filter((one) => one === rank).length < room)
          .flatMap((rank) => grow([...own, rank]));
  return grow([]);
}

function cheapest(problem: PlacementProblem): number {
  const each = problem.loads.map((layer) => ways(layer.length, problem.ranks));
  const all = each.reduce<number[][][]>(
    (sofar, own) => sofar.flatMap((one) => own.map((way) => [...one, way])),
    [[]],
  );
  return Math.min(...all.map((placement) => placementCost(problem, placement)));
}

function drawn(random: () => number, balance: number): PlacementProblem {
  const ranks = 2;
  const [layers, experts] = random() < 0.5 ? [2, 4] : [1, 6];
  const loads = Array.from({ length: layers }, () =>
    Array.from({ length: experts }, () => Math.floor(100 * random())),
  );
  const pairs = Array.from({ length: 8 }, () => {
    const layer = Math.floor(layers * random());
    const at = (of: number) => ({ layer: of, expert: Math.floor(experts * random()) });
    return { a: at(layer), b: at(Math.min(layers - 1, layer + 1)), tokens: Math.floor(50 * random()) };
  });
  return { ranks, loads, pairs, balance };
}

describe('experts on ranks', () => {
  it.each([0, 1, 5])('are placed as well as by trying all ways, balance counting %d', (balance) => {
    const random = generator(SEED + balance);
    for (let i = 0; i < 12; i++) {
      const problem = drawn(random, balance);
      const placed = placeExperts(problem);
      const least = cheapest(problem);
      expect(placed.proof).toBe('optimal');
      expect(placed.objective).toBeCloseTo(least, 6);
      expect(placementCost(problem, placed.placement)).toBeCloseTo(placed.objective, 9);
      expect(placementCost(problem, swappedExperts(problem))).toBeGreaterThanOrEqual(least - 1e-6);
    }
  });

  it('are swapped where the program is too large, and never worse than at home', () => {
    const random = generator(SEED);
    const experts = 32;
    const loads = [Array.from({ length: experts }, () => Math.floor(1000 * random()))];
    const problem: PlacementProblem = { ranks: 8, loads, pairs: [], balance: 1 };
    const { placement, proof, objective } = placeExperts(problem, 1e5);
    expect(proof).toBe('improved');
    const home = loads.map((layer) => layer.map((_, e) => Math.floor(e / 4)));
    expect(objective).toBeLessThan(placementCost(problem, home));
    for (let rank = 0; rank < 8; rank++) expect(placement[0]!.filter((one) => one === rank)).toHaveLength(4);
  });
});
