import { DISTURBANCES } from '../disturbances/index.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Disturbed } from '../domain/step-range.ts';
import { estimate } from '../evaluate/estimate.ts';
import { profileCache } from '../evaluate/stage-profile.ts';
import type { Objective } from '../search/space/objective.ts';

/** A disturbed plan, and what the search would make small of it. */
export interface DisturbedValue extends Disturbed {
  readonly value: number;
}

/** Each of some plans under each disturbance that the problem can have. Plans share what is known of a disturbed problem. */
export function disturbedValues(
  problem: Problem,
  plans: readonly Plan[],
  objective: Objective,
): DisturbedValue[][] {
  const each = DISTURBANCES.flatMap(({ id, name, disturbed }) => {
    const worse = disturbed(problem);
    if (worse === null) return [];
    const { headroomBytes: _, ...workload } = worse.workload;
    const whole = { ...worse, workload: { ...workload, headroom: 0 } };
    const cache = profileCache();
    return [
      plans.map((plan): DisturbedValue => {
        const costed = estimate(whole, plan, cache);
        const { stepSeconds, verdict } = costed;
        const fits = verdict !== 'does-not-fit';
        return { id, name, stepSeconds, fits, value: objective.value(plan, costed) };
      }),
    ];
  });
  return plans.map((_, i) => each.map((ofPlans) => ofPlans[i]!));
}

/** One plan under each. */
export function stepRange(problem: Problem, plan: Plan, objective: Objective): Disturbed[] {
  return disturbedValues(problem, [plan], objective)[0]!.map(({ value: _, ...told }) => told);
}
