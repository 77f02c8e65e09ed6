import type { Problem } from '../domain/problem.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { arithmetic } from '../plan-text/degrees.ts';
import { planText } from '../plan-text/text.ts';
import type { PlanDocument } from '../schema/plan.ts';
import type { WhyNot } from '../search/why-not.ts';
import { digits, formatInteger, formatSeconds } from '../units/format.ts';
import { wrap } from '../units/wrap.ts';
import { cannotWords, missWords } from './beside.ts';
import { grid, type Style } from './paint.ts';
import { rankedJson } from './ranked-json.ts';
import { layersWords, memoryWords, techniqueWords } from './words.ts';

/** The rule that forbids it with its numbers, or its estimate beside the winner's, part by part. */
export function whyNotWords(
  problem: Problem,
  { asked, plan, rejected, nearestMiss, cannot }: WhyNot,
  best: RankedPlan | undefined,
  style: Style,
): string {
  if (plan === null) {
    const reasons = rejected
      .slice(0, 6)
      .map(
        ({ rule, count, example: { configuration, reason } }) =>
          `  ${formatInteger(count)} × ${rule}: e.g. ${configuration}: ${reason.actual}; limit ${reason.limit}${reason.hint === undefined ? '' : `. ${reason.hint}`}`,
      );
    const near = nearestMiss === null ? [] : [`  Nearest: ${missWords(problem, nearestMiss)}`];
    const none =
      reasons.length > 0
        ? []
        : cannot.length > 0
          ? cannot.map((reason) => `  ${cannotWords(reason)}`)
          : ['  No arrangement of these GPUs has those dimensions.'];
    return [`Why not ${asked}: it cannot run.`, ...reasons, ...near, ...none]
      .map((line) => wrap(line, style.columns, '    '))
      .join('\n');
  }
  if (best === undefined) return `Why not ${asked}: nothing to compare with.`;
  const factor = plan.estimate.stepSeconds / best.estimate.stepSeconds;
  const verdict =
    planText(problem, plan.plan) === planText(problem, best.plan)
      ? `Why not ${asked}: the best plan has it.`
      : `Why not ${asked}: its best plan takes ${formatSeconds(plan.estimate.stepSeconds)}, ${digits(factor)}× the best: ${arithmetic(plan.plan)}, layers ${layersWords(plan.plan)}, ${techniqueWords(problem, plan.plan)}; peak GiB ${memoryWords(problem, plan.estimate).join(', ')}.`;
  const names = [...new Set([...Object.keys(plan.estimate.time), ...Object.keys(best.estimate.time)])];
  const rows = names
    .map((name) => ({ name, a: plan.estimate.time[name] ?? 0, b: best.estimate.time[name] ?? 0 }))
    .filter(({ a, b }) => Math.max(a, b) > 0.002 * best.estimate.stepSeconds)
    .map(({ name, a, b }) => [name, formatSeconds(a), formatSeconds(b), signed(a - b)]);
  const total = [
    'step',
    formatSeconds(plan.estimate.stepSeconds),
    formatSeconds(best.estimate.stepSeconds),
    signed(plan.estimate.stepSeconds - best.estimate.stepSeconds),
  ];
  return `${wrap(verdict, style.columns)}\n${grid(['where the step goes', 'asked', 'best', 'more'], [...rows, total], [1, 2, 3])}`;
}

function signed(seconds: number): string {
  return `${seconds < 0 ? '−' : '+'}${formatSeconds(Math.abs(seconds))}`;
}

export function whyNotJson(
  problem: Problem,
  { asked, plan, rejected, nearestMiss, cannot }: WhyNot,
): NonNullable<PlanDocument['whyNot']> {
  return {
    asked,
    plan: plan === null ? null : rankedJson(problem, plan),
    rejected,
    cannot,
    nearest: nearestMiss === null ? null : { reason: nearestMiss.reason, remedy: nearestMiss.remedy },
  };
}
