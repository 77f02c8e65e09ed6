import type { PlanFile } from '../catalogue/plan-file.ts';
import { InputError } from '../domain/input-error.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { estimate } from '../evaluate/estimate.ts';
import { planLaw } from '../laws/plan.ts';
import { batchOnce } from '../laws/sound.ts';

/** Of two estimates of one plan that are the same. */
const SAME = 1e-9;

/** A plan of a file as it holds for the problem, and what is to be said of it: nothing of a file is taken on trust. Throws InputError where it cannot run. */
export function verifiedPlan(
  { document, plans }: PlanFile,
  chosen: PlanFile['plans'][number],
  problem: Problem,
): { readonly plan: Plan; readonly notes: readonly string[] } {
  const { plan, stepTimeSeconds, verdict } = chosen;
  const index = plans.indexOf(chosen);
  const broken = planLaw(problem, plan) ?? batchOnce(problem, plan);
  if (broken !== null)
    throw new InputError({
      message: `the plan breaks ${broken.rule}: ${broken.actual}`,
      expected: broken.limit,
      hint: 'Maybe the file was edited: run plan again.',
      at: document.locate(`/plans/${index}/plan`),
    });
  const now = estimate(problem, plan);
  if (now.verdict === 'does-not-fit' && verdict !== 'does-not-fit')
    throw new InputError({
      message: `the plan does not fit, and verdict says ${verdict}`,
      expected: 'a plan that fits',
      hint: 'Maybe the file was edited, or is of another version: run plan again.',
      at: document.locate(`/plans/${index}/verdict`),
    });
  const off = Math.abs(now.stepSeconds / stepTimeSeconds - 1);
  return {
    plan,
    notes:
      off <= SAME
        ? []
        : [
            `stepTimeSeconds says ${stepTimeSeconds}, and this plan is estimated at ${now.stepSeconds}: the file was edited, or is of another version`,
          ],
  };
}
