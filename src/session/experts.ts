import type { RoutingTrace } from '../catalogue/routings.ts';
import type { Problem } from '../domain/problem.ts';
import { rankImbalance } from '../domain/routing.ts';
import { type ExchangeTime, exchangeTimes } from '../experts/exchange-rates.ts';
import { layerSeconds } from '../experts/layer-seconds.ts';
import { imbalanceOf, sum } from '../experts/loads.ts';
import { type MoeMlp, moe } from '../layers/ffn/moe.ts';
import { type ExpertPair, type Placement, placementCost } from '../partition/expert-placement.ts';
import { placeExperts } from '../partition/place-experts.ts';

/** What experts are placed for: even ranks; few ranks for each token; ranks where the next layer finds the token. */
export const EXPERT_AIMS = ['balance', 'fan-out', 'affinity'] as const;
type Aim = (typeof EXPERT_AIMS)[number];

interface ExpertsAsked {
  readonly ranks: number;
  /** Of each rank. */
  readonly tokens: number;
  readonly aim: Aim;
}

interface ExpertsAnswer {
  /** Of the busiest expert and of the busiest rank over the mean, on average over layers. */
  readonly imbalance: { readonly expert: number; readonly rank: number; readonly placed: number };
  /** Forward, of one layer on average. */
  readonly seconds: {
    readonly expertParallel: number;
    readonly leastLoaded: number;
    readonly placed: number;
  };
  readonly placement: Placement;
  /** Tokens that need another rank, and those of the busiest rank, at home and as placed. */
  readonly cost: { readonly home: number; readonly placed: number };
  readonly proof: 'optimal' | 'improved';
  readonly exchanges: readonly ExchangeTime[];
}

/** The first kind of experts of a model; null: it has none. */
export function expertsOfModel({ model }: Problem): MoeMlp | null {
  const found = model.kinds.map(({ ffn }) => ffn).find((part) => part !== null && moe.is(part));
  return found === undefined || found === null || !moe.is(found) ? null : found;
}

/** Loads of a trace on ranks: as they lie, under the least-loaded rule, and placed by an integer program, or by swaps where that is too large. */
export function expertsAnswer(
  problem: Problem,
  spec: MoeMlp,
  trace: RoutingTrace,
  { ranks, tokens, aim }: ExpertsAsked,
): ExpertsAnswer {
  const { loads } = trace;
  const groups = aim === 'affinity' ? [loads.map((_, layer) => layer)] : loads.map((_, layer) => [layer]);
  const placed = groups.map((layers) => {
    const one = {
      ranks,
      loads: layers.map((layer) => loads[layer]!),
      pairs: pairsOf(trace, layers, aim),
      balance: 1,
    };
    const home = one.loads.map((layer) => layer.map((_, e) => Math.floor((e * ranks) / layer.length)));
    return { ...placeExperts(one), home: placementCost(one, home) };
  });
  const placement = placed.flatMap((one) => one.placement);
  const moved = loads.map((layer, l) => inOrder(layer, placement[l]!));
  const seconds = (all: readonly (readonly number[])[], of: 'expertParallel' | 'leastLoaded') =>
    sum(
      all.map(
        (layer) =>
          layerSeconds(problem, spec, ranks, { loads: scaled(layer, ranks * tokens * spec.topK), tokens })[
            of
          ],
      ),
    ) / all.length;
  return {
    imbalance: {
      expert: sum(loads.map(imbalanceOf)) / loads.length,
      rank: rankImbalance({ loads }, ranks)!,
      placed: rankImbalance({ loads: moved }, ranks)!,
    },
    seconds: {
      expertParallel: seconds(loads, 'expertParallel'),
      leastLoaded: seconds(loads, 'leastLoaded'),
      placed: seconds(moved, 'expertParallel'),
    },
    placement,
    cost: {
      home: sum(placed.map(({ home }) => home)),
      placed: sum(placed.map(({ objective }) => objective)),
    },
    proof: placed.every(({ proof }) => proof === 'optimal') ? 'optimal' : 'improved',
    exchanges: exchangeTimes(
      { tokens, topK: spec.topK, hidden: spec.latentSize ?? problem.model.hiddenSize },
      { ranks, domains: Math.ceil(ranks / problem.cluster.groups[0]!.fastDomainGpus) },
    ),
  };
}

/** Loads as they would lie on ranks in order. */
function inOrder(layer: readonly number[], rankOf: readonly number[]): number[] {
  return layer
    .map((load, expert) => ({ load, rank: rankOf[expert]! }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ load }) => load);
}

function scaled(layer: readonly number[], total: number): number[] {
  const own = sum(layer);
  return layer.map((load) => (own === 0 ? total / layer.length : (load * total) / own));
}

/** Experts that the same tokens go to, of layers counted as they are among those placed together. */
function pairsOf({ routes }: RoutingTrace, layers: readonly number[], aim: Aim): ExpertPair[] {
  if (aim === 'balance' || routes === null) return [];
  const counts = new Map<string, ExpertPair>();
  const count = (a: ExpertPair['a'], b: ExpertPair['b']) => {
    const key = `${a.layer} ${a.expert} ${b.layer} ${b.expert}`;
    counts.set(key, { a, b, tokens: (counts.get(key)?.tokens ?? 0) + 1 });
  };
  for (const token of routes)
    for (const [l, layer] of layers.entries()) {
      const own = token[layer]!;
      const next = aim === 'affinity' ? (l + 1 < layers.length ? token[layers[l + 1]!]! : []) : own;
      const at = aim === 'affinity' ? l + 1 : l;
      for (const expert of own)
        for (const other of next)
          if (aim === 'affinity' || expert < other) count({ layer: l, expert }, { layer: at, expert: other });
    }
  return [...counts.values()];
}
