import { FASTEST_POINTS, type Points } from '../search/sweep.ts';
import { placed } from './placed.ts';
import { tiesKept } from './ranked-plans.ts';
import { type Rank, steadyFirst } from './steady-first.ts';
import { joined, soonestAsked } from './with-soonest.ts';

/** How sweeps take the plan of each point: as `plan` ranks those of one search. */
export function pointsBy(rank: Rank): Points {
  return rank === 'fastest' ? FASTEST_POINTS : STEADY_POINTS;
}

const STEADY_POINTS: Points = {
  ties: (objective) => tiesKept({ top: 1, objective }),
  again: soonestAsked,
  shown: (problem, options, first, again) => {
    const { objective } = options;
    const all = again === null ? first : joined(problem, options, first, again);
    const found = placed(problem, all, objective).result;
    const { result, steady } = steadyFirst(problem, found, { objective, top: 1, rank: 'steady' });
    const [plan = null] = result.plans;
    return steady === null ? { plan } : { plan, fastest: found.plans[0]! };
  },
};
