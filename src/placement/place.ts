import { nodesByGroup, reordered } from '../domain/node-order.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { estimate } from '../evaluate/estimate.ts';
import { annealed, type Budget, type Energy } from './anneal.ts';
import { greedyOrder } from './greedy.ts';
import { networkSignature } from './network-signature.ts';
import { permutationsWithin } from './permutations.ts';

export interface Placement {
  readonly order: readonly number[];
  readonly stepSeconds: number;
  readonly method: 'exact' | 'annealing';
  /** Of the cluster's own order, and of nearest neighbours first. */
  readonly rankOrderSeconds: number;
  readonly greedySeconds: number;
  /** Distinct orders asked for, and estimates they took. */
  readonly tried: number;
  readonly costed: number;
}

export const DEFAULT_BUDGET: Budget = { seed: 1, moves: 3000, exactNodes: 6 };

/**
 * The order of nodes that makes a plan fastest under measured links: every order for few nodes, else simulated annealing
 * from the better of rank order and nearest neighbours (Pipette, arXiv 2405.18093, section 5). Nodes stay in their group.
 */
export function place(problem: Problem, plan: Plan, budget: Budget = DEFAULT_BUDGET): Placement {
  const groups = nodesByGroup(problem.cluster);
  const identity = groups.flat();
  const known = new Map<string, number>();
  let tried = 0;
  /** Step seconds, and the sum of transfer times as a tie-breaker that shows a way across plateaus. */
  const energy = (order: readonly number[]) => {
    tried += 1;
    const placed = { ...problem, cluster: reordered(problem.cluster, order) };
    const signature = networkSignature(placed, plan);
    const key = signature.join();
    let seconds = known.get(key);
    if (seconds === undefined) {
      seconds = estimate(placed, { ...plan, nodeOrder: null }).stepSeconds;
      known.set(key, seconds);
    }
    const slowness = signature.reduce((sum, value, i) => sum + (i % 2 === 0 ? 1 / value : 0), 0);
    return { seconds, slowness };
  };
  const rank = energy(identity);
  const greedy = greedyOrder(problem.cluster);
  const near = energy(greedy);
  const start = near.seconds < rank.seconds ? greedy : identity;
  const exact = identity.length <= budget.exactNodes;
  const order = exact ? bestOf(permutationsWithin(groups), energy) : annealed(start, groups, energy, budget);
  return {
    order,
    stepSeconds: energy(order).seconds,
    method: exact ? 'exact' : 'annealing',
    rankOrderSeconds: rank.seconds,
    greedySeconds: near.seconds,
    tried,
    costed: known.size,
  };
}

function bestOf(
  orders: Iterable<readonly number[]>,
  energy: (order: readonly number[]) => Energy,
): readonly number[] {
  let best: readonly number[] = [];
  let least: Energy | null = null;
  for (const order of orders) {
    const e = energy(order);
    if (
      least === null ||
      e.seconds < least.seconds ||
      (e.seconds === least.seconds && e.slowness < least.slowness)
    )
      [best, least] = [order, e];
  }
  return best;
}
