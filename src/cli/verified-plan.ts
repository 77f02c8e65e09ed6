import type { PlanFile } from '../catalogue/plan-file.ts';
import { InputError } from '../domain/input-error.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { estimate } from '../evaluate/estimate.ts';
import { planLaw } from '../laws/plan.ts';
import { batchOnce } from '../laws/sound.ts';

/** Whether two steps, seconds, are estimates of one plan by one version. */
export function sameStep(one: number, other: number): boolean {
  return Math.abs(one / other - 1) <= 1e-9;
}

/** Nothing of a file is taken on trust. Throws InputError where its plan cannot run. */
export function refuseBroken(
  { document, plans }: PlanFile,
  chosen: PlanFile['plans'][number],
  problem: Problem,
): void {
  const broken = planLaw(problem, chosen.plan) ?? batchOnce(problem, chosen.plan);
  if (broken === null) return;
  throw new InputError({
    message: `the plan breaks ${broken.rule}: ${broken.actual}`,
    expected: broken.limit,
    hint: 'Maybe the file was edited: run plan again.',
    at: document.locate(`/plans/${plans.indexOf(chosen)}/plan`),
  });
}

/** A plan of a file as it holds for the problem, and what is to be said of it. Throws InputError where it cannot run or does not fit. */
export function verifiedPlan(
  file: PlanFile,
  chosen: PlanFile['plans'][number],
  problem: Problem,
): { readonly plan: Plan; readonly notes: readonly string[] } {
  const { plan, stepTimeSeconds, verdict } = chosen;
  refuseBroken(file, chosen, problem);
  const now = estimate(problem, plan);
  if (now.verdict === 'does-not-fit' && verdict !== 'does-not-fit')
    throw new InputError({
      message: `the plan does not fit, and verdict says ${verdict}`,
      expected: 'a plan that fits',
      hint: 'Maybe the file was edited, or is of another version: run plan again.',
      at: file.document.locate(`/plans/${file.plans.indexOf(chosen)}/verdict`),
    });
  return {
    plan,
    notes: sameStep(now.stepSeconds, stepTimeSeconds)
      ? []
      : [
          `stepTimeSeconds says ${stepTimeSeconds}, and this plan is estimated at ${now.stepSeconds}: the file was edited, or is of another version or calibration`,
        ],
  };
}
