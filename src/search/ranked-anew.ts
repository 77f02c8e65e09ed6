import type { Problem } from '../domain/problem.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { TIE } from '../domain/tie.ts';
import { measuredFirst } from '../evaluate/measured/unmeasured.ts';
import type { Objective } from './space/objective.ts';

/** Plans of several searches, or costed anew, in the order of what the search makes small: those on measured layers first. */
export function rankedAnew(
  problem: Problem,
  plans: readonly RankedPlan[],
  objective: Objective,
): RankedPlan[] {
  const value = ({ plan, estimate }: RankedPlan) => objective.value(plan, estimate);
  const seconds = ({ estimate }: RankedPlan) => estimate.stepSeconds;
  const rising = [...plans].sort((a, b) => value(a) - value(b) || seconds(a) - seconds(b));
  const [first, ...others] = measuredFirst(problem, rising);
  if (first === undefined) return [];
  const best = value(first);
  return [
    { ...first, rank: 1, tiedWithBest: true },
    ...others.map((one, i) => ({
      ...one,
      rank: i + 2,
      tiedWithBest: value(one) >= best && tied(value(one), best, one.estimate),
    })),
  ];
}

/** Whether a plan's value is closer to the best than the model can tell. */
export function tied(value: number, best: number, { band }: RankedPlan['estimate']): boolean {
  return value / best - 1 <= Math.min(TIE, band);
}
