import type { Problem } from '../domain/problem.ts';
import { meanOf, type Routing } from '../domain/routing.ts';
import { coefficients } from '../hardware/coefficients.ts';
import type { Disturbance } from './disturbance.ts';

/** Tokens of the busiest, over those it has by the model. */
const MORE = 1.3;

/** Within the range of the coefficient `expertImbalance`, which is 1 to 1.5: what a router does is known once it has run. */
export const unevenExperts: Disturbance = {
  id: 'uneven-experts',
  name: `experts ${MORE} times out of balance`,
  changes: 'both',
  disturbed: (problem) => {
    const { model, workload } = problem;
    if (!model.kinds.some(({ ffn }) => ffn?.kind === 'moe')) return null;
    return { ...problem, workload: { ...workload, routing: moreUneven(problem) } };
  },
};

function moreUneven({ workload: { routing = {} }, stack, coefficients: overrides }: Problem): Routing {
  const { loads, imbalance, capacity } = routing;
  if (loads?.every(isUneven) === true) return { ...routing, loads: loads.map(stretched) };
  const usual = stack.routing === 'natural' ? coefficients(overrides).expertImbalance : 1;
  return {
    imbalance: MORE * (imbalance ?? usual),
    ...(capacity === undefined ? {} : { capacity }),
  };
}

function isUneven(layer: readonly number[]): boolean {
  return Math.max(...layer) > meanOf(layer);
}

/** Distances from the mean grow alike, until the busiest expert has so many times its tokens. */
function stretched(layer: readonly number[]): number[] {
  const mean = meanOf(layer);
  const most = Math.max(...layer);
  const by = (MORE * most - mean) / (most - mean);
  return layer.map((load) => Math.max(0, mean + by * (load - mean)));
}
