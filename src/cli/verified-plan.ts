import type { PlanFile } from '../catalogue/plan-file.ts';
import { InputError } from '../domain/input-error.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { estimate } from '../evaluate/estimate.ts';
import { planLaw } from '../laws/plan.ts';
import { batchOnce } from '../laws/sound.ts';
import { parseConfiguration } from '../plan-text/configuration.ts';
import { besideOdds, configurationOdds, type Odds, statedOdds } from '../plan-text/said-twice.ts';

/** Whether two steps, seconds, are estimates of one plan by one version. */
export function sameStep(one: number, other: number): boolean {
  return Math.abs(one / other - 1) <= 1e-9;
}

/** Nothing of a file is taken on trust. Throws InputError where its plan cannot run, or what stands beside it is another. */
export function refuseBroken(file: PlanFile, chosen: PlanFile['plans'][number], problem: Problem): void {
  const broken = planLaw(problem, chosen.plan) ?? batchOnce(problem, chosen.plan);
  if (broken !== null)
    throw new InputError({
      message: `the plan breaks ${broken.rule}: ${broken.actual}`,
      expected: broken.limit,
      hint: 'Maybe the file was edited: run plan again.',
      at: locate(file, chosen, 'plan'),
    });
  refuseOdds(
    file,
    chosen,
    besideOdds(chosen, chosen.plan) ?? configurationOdds(problem, chosen.configuration, chosen.plan),
  );
}

/** The same for a row whose configuration is taken for another problem, as far as it can be told without the row's own. Throws InputError. */
export function refuseUnlike(file: PlanFile, chosen: PlanFile['plans'][number]): void {
  const { plan, configuration } = chosen;
  refuseOdds(file, chosen, besideOdds(chosen, plan) ?? statedOdds(parseConfiguration(configuration), plan));
}

/** A file that says one thing twice, and two things: nobody can tell which was meant. */
function refuseOdds(file: PlanFile, chosen: PlanFile['plans'][number], odds: Odds | null): void {
  if (odds === null) return;
  const { key, said, is } = odds;
  const beside = Object.hasOwn(chosen, key.split('/')[0]!);
  throw new InputError({
    message: `${beside ? key.replace('/', '.') : `configuration has ${key}, which`} says ${said}, and plan says ${is}`,
    expected: 'the same of both',
    hint: 'Maybe the file was edited by hand: run plan again, or estimate MODEL CLUSTER --config with what is wanted.',
    at: locate(file, chosen, beside ? key : 'configuration'),
  });
}

function locate({ document, plans }: PlanFile, chosen: PlanFile['plans'][number], key: string) {
  return document.locate(`/plans/${plans.indexOf(chosen)}/${key}`);
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
      at: locate(file, chosen, 'verdict'),
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
