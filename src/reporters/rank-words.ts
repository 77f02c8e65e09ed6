import type { Problem } from '../domain/problem.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { planText } from '../plan-text/text.ts';
import type { Rank } from '../session/steady-first.ts';
import { formatPercent, formatSeconds } from '../units/format.ts';

/** What a row of `compare` and of a sweep is. */
export const ROWS: Readonly<Record<Rank, string>> = {
  steady:
    'Each row is the plan that plan prints first: the steadiest of those that the model cannot tell from the best by estimate, which --rank fastest takes.',
  fastest:
    'Each row is the best plan by estimate; without --rank fastest it is the steadiest of those that tie with it, as plan has it.',
};

/** The best by estimate, where a row is another. */
export function fastestJson(problem: Problem, { plan, estimate }: RankedPlan) {
  return { stepTimeSeconds: estimate.stepSeconds, configuration: planText(problem, plan) };
}

/** A row and the best by estimate that it comes before. */
export interface SteadyRow {
  readonly name: string;
  readonly plan: RankedPlan;
  readonly fastest: RankedPlan;
}

/** What it costs by estimate that rows are the steadiest: `Longer than the best by estimate: 56 by 1.2% (9.9 s).` */
export function steadyRowsWords(rows: readonly SteadyRow[]): string[] {
  if (rows.length === 0) return [];
  const each = rows.map(({ name, plan, fastest }) => {
    const [own, least] = [plan.estimate.stepSeconds, fastest.estimate.stepSeconds];
    const by = own / least - 1;
    return `${name} ${by < 0 ? `takes ${formatPercent(-by)} less` : `takes ${formatPercent(by)} longer`} (${formatSeconds(least)})`;
  });
  return [`Beside the best by estimate ${each.join(', ')}.`];
}
