import { type ExpertAt, type Placement, type PlacementProblem, placementCost } from './expert-placement.ts';
import { javascriptLpSolver } from './ilp/javascript-lp-solver.ts';
import type { Program, Row, Variable } from './ilp/program.ts';
import { swappedExperts } from './swap-experts.ts';

export interface Placed {
  readonly placement: Placement;
  readonly objective: number;
  /** `optimal`: the integer program says so; `improved`: no swap of two experts does better. */
  readonly proof: 'optimal' | 'improved';
}

/**
 * ExFlow's program (Yao et al. 2024, arXiv 2401.08383; YJHMITWEB/ExFlow@2696131) with tokens of a trace counted pair by pair, and what is
 * left of it where the solver gives up: swaps of two experts.
 */
export function placeExperts(problem: PlacementProblem, workLimit = 2e8): Placed {
  const swapped = swappedExperts(problem);
  const known = {
    placement: swapped,
    objective: placementCost(problem, swapped),
    proof: 'improved' as const,
  };
  const { status, values } = javascriptLpSolver.solve(programOf(problem), workLimit);
  if (status !== 'optimal' || values === null) return known;
  const placement = placementOf(problem, values);
  const objective = placementCost(problem, placement);
  // The solver is not believed: what swaps found stands where it is better.
  return objective > known.objective + 1e-6 ? known : { placement, objective, proof: 'optimal' };
}

/** Layer by layer x(expert, rank), then after all of them t(layer), the load of its busiest rank, and together(pair, rank). */
function programOf({ ranks, loads, pairs, balance }: PlacementProblem): Program {
  const variables: Variable[] = [];
  const rows: Row[] = [];
  const starts: number[] = [];
  for (const [l, layer] of loads.entries()) {
    starts.push(variables.length);
    for (const e of layer.keys())
      for (let r = 0; r < ranks; r++)
        variables.push({ name: `x${l}_${e}_${r}`, cost: 0, lower: 0, upper: 1, integer: true });
  }
  const x = ({ layer, expert }: ExpertAt, rank: number) => starts[layer]! + expert * ranks + rank;
  // Ranks are alike: one expert stands somewhere.
  rows.push({ name: 'first', terms: [[x({ layer: 0, expert: 0 }, 0), 1]], lower: 1, upper: 1 });
  for (const [layer, own] of loads.entries()) {
    for (const expert of own.keys()) {
      const terms = Array.from({ length: ranks }, (_, r) => [x({ layer, expert }, r), 1] as const);
      rows.push({ name: `once${layer}_${expert}`, terms, lower: 1, upper: 1 });
    }
    const busiest = variables.length;
    variables.push({
      name: `t${layer}`,
      cost: balance,
      lower: 0,
      upper: Number.POSITIVE_INFINITY,
      integer: false,
    });
    for (let r = 0; r < ranks; r++) {
      const each = own.length / ranks;
      const here = own.map((_, expert) => x({ layer, expert }, r));
      rows.push({
        name: `each${layer}_${r}`,
        terms: here.map((v) => [v, 1] as const),
        lower: each,
        upper: each,
      });
      const load = here.map((v, expert) => [v, own[expert]!] as const);
      rows.push({
        name: `load${layer}_${r}`,
        terms: [...load, [busiest, -1]],
        lower: Number.NEGATIVE_INFINITY,
        upper: 0,
      });
    }
  }
  for (const [p, { a, b, tokens }] of pairs.entries())
    for (let r = 0; r < ranks; r++) {
      const together = variables.length;
      variables.push({ name: `y${p}_${r}`, cost: -tokens, lower: 0, upper: 1, integer: false });
      for (const [end, one] of [a, b].entries())
        rows.push({
          name: `pair${p}_${r}_${end}`,
          terms: [
            [together, 1],
            [x(one, r), -1],
          ],
          lower: Number.NEGATIVE_INFINITY,
          upper: 0,
        });
    }
  return { variables, rows };
}

function placementOf({ ranks, loads }: PlacementProblem, values: readonly number[]): Placement {
  let at = 0;
  return loads.map((layer) => {
    const own = layer.map((_, expert) => {
      const of = values.slice(at + expert * ranks, at + (expert + 1) * ranks);
      return of.indexOf(Math.max(...of));
    });
    at += layer.length * ranks;
    return own;
  });
}
