import type { Disturbance } from '../disturbances/disturbance.ts';
import { DISTURBANCES } from '../disturbances/index.ts';
import type { Estimate } from '../domain/estimate.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Disturbed } from '../domain/step-range.ts';
import { estimate, stepSecondsOf } from '../evaluate/estimate.ts';
import { fitsOn } from '../evaluate/memory/fits-on.ts';
import { type ProfileCache, profileCache } from '../evaluate/stage-profile.ts';
import type { Objective } from '../search/space/objective.ts';

/** A disturbed plan, and what the search would make small of it. */
export interface DisturbedValue extends Disturbed {
  readonly value: number;
}

/** A plan, and its estimate as things are stated. */
interface Stated {
  readonly plan: Plan;
  readonly estimate: Estimate;
}

/** Each of some plans under each disturbance that the problem can have. Plans share what is known of a disturbed problem. */
export function disturbedValues(
  problem: Problem,
  plans: readonly Stated[],
  objective: Objective,
): DisturbedValue[][] {
  const stated = wholly(problem);
  const each = DISTURBANCES.flatMap(({ id, name, changes, disturbed }) => {
    const happened = disturbed(problem);
    if (happened === null) return [];
    const worse = wholly(happened);
    const cache = profileCache();
    return [
      plans.map((one): DisturbedValue => {
        const costed = WORKED_OUT[changes](worse, one, stated, cache);
        const value = objective.value(one.plan, { ...one.estimate, ...costed });
        return { id, name, stepSeconds: costed.stepSeconds, fits: costed.fits, value };
      }),
    ];
  });
  return plans.map((_, i) => each.map((ofPlans) => ofPlans[i]!));
}

type Costed = Pick<Estimate, 'stepSeconds' | 'stages'> & Pick<Disturbed, 'fits'>;

/** What a disturbance leaves as it was is that of the plan. `stated`: the problem before. */
const WORKED_OUT: {
  readonly [C in Disturbance['changes']]: (
    worse: Problem,
    one: Stated,
    stated: Problem,
    cache: ProfileCache,
  ) => Costed;
} = {
  time: (worse, { plan, estimate: known }, stated, cache) => ({
    ...{ stepSeconds: stepSecondsOf(worse, plan, cache), stages: known.stages },
    fits: fitsOn(stated, known),
  }),
  memory: (worse, { estimate: known }) => ({
    ...{ stepSeconds: known.stepSeconds, stages: known.stages },
    fits: fitsOn(worse, known),
  }),
  both: (worse, { plan }, _, cache) => {
    const { stepSeconds, stages, verdict } = estimate(worse, plan, cache);
    return { stepSeconds, stages, fits: verdict !== 'does-not-fit' };
  },
};

/** With all the memory there is: headroom is there for what turns out worse. */
function wholly(problem: Problem): Problem {
  const { headroomBytes: _, ...workload } = problem.workload;
  return { ...problem, workload: { ...workload, headroom: 0 } };
}

/** One plan under each. */
export function stepRange(problem: Problem, stated: Stated, objective: Objective): Disturbed[] {
  return disturbedValues(problem, [stated], objective)[0]!.map(({ value: _, ...told }) => told);
}
