import type { Cluster } from '../../domain/cluster.ts';
import type { Estimate } from '../../domain/estimate.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Frame } from './frame.ts';

export const OBJECTIVES = ['time', 'tokens-per-dollar', 'memory'] as const;
type ObjectiveId = (typeof OBJECTIVES)[number];

/** What a search makes small. `bound` turns a bound on step time into one on the value, for all plans of some chains. */
export interface Objective {
  readonly id: ObjectiveId;
  /** Dollars per GPU-hour by group index; empty where none are asked for. With the id all that another thread needs. */
  readonly prices: readonly number[];
  /** Dollars of one step that no plan may exceed, where time is made small all the same; left out: no limit. */
  readonly most?: number;
  value(plan: Plan, estimate: Estimate): number;
  bound(seconds: number, frames: readonly Frame[]): number;
}

/** The objective of an id; dollars per GPU-hour of each group where it asks for them. */
export function objectiveOf(
  cluster: Cluster,
  { id, prices, most }: Pick<Objective, 'id' | 'prices' | 'most'>,
): Objective {
  if (id === 'tokens-per-dollar')
    return most === undefined ? byDollars(cluster, prices) : soonestFor(cluster, prices, most);
  return id === 'memory' ? BY_MEMORY : BY_TIME;
}

export const BY_TIME: Objective = {
  id: 'time',
  prices: [],
  value: (_, { stepSeconds }) => stepSeconds,
  bound: (seconds) => seconds,
};

/** The fullest GPU's share of its limit. Nothing is known of it before a plan is costed. */
export const BY_MEMORY: Objective = {
  id: 'memory',
  prices: [],
  value: (_, { stages }) => Math.max(...stages.map(({ memory }) => memory.deviceBytes / memory.limitBytes)),
  bound: () => 0,
};

/** Dollars of one step: every GPU in use at its price, dollars per GPU-hour by group index. */
export function byDollars({ groups }: Cluster, prices: readonly number[]): Objective {
  const perSecond = (group: number) => prices[groups[group]!.index]! / 3600;
  return {
    id: 'tokens-per-dollar',
    prices,
    value: (plan, { stepSeconds }) => {
      let rate = 0;
      for (const { stages } of plan.pipelines)
        for (const { replicas } of stages)
          for (const block of replicas)
            rate += block.count * block.tp * plan.dims.cp * perSecond(block.group);
      return rate * stepSeconds;
    },
    bound: (seconds, frames) => {
      let rate = 0;
      for (const { runs, cp, dp } of frames)
        for (const { group, stages, tp, fold = 1 } of runs)
          rate += (stages * tp * cp * dp * perSecond(group)) / fold;
      return rate * seconds;
    },
  };
}

/** The least time of the plans that cost at most so many dollars a step; what costs more is as good as nothing. */
export function soonestFor(cluster: Cluster, prices: readonly number[], most: number): Objective {
  const { id, value, bound } = byDollars(cluster, prices);
  const within = (dollars: number, seconds: number) => (dollars <= most ? seconds : Number.POSITIVE_INFINITY);
  return {
    ...{ id, prices, most },
    value: (plan, estimate) => within(value(plan, estimate), estimate.stepSeconds),
    bound: (seconds, frames) => within(bound(seconds, frames), seconds),
  };
}
