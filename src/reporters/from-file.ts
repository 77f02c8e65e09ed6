import type { Estimate } from '../domain/estimate.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { planText } from '../plan-text/text.ts';
import type { PlanDocument } from '../schema/plan.ts';
import { digits, formatSeconds } from '../units/format.ts';
import { type Style, wrap } from './paint.ts';
import { memoryWords } from './words.ts';

/** A configuration that a search started from, beside what the search found. */
export interface Start {
  readonly file: string;
  /** Whether the file says which hosts it runs on; otherwise all, in the cluster's order. */
  readonly seated: boolean;
  /** What it says that no plan can say. */
  readonly notes: readonly string[];
  /** Its plan and estimate, or the law that it breaks. */
  readonly now: { readonly plan: Plan; readonly estimate: Estimate } | Reason;
  /** What the best plan changes in the launcher's own file; null where that cannot be said. */
  readonly changes: readonly string[] | null;
}

export function startWords(
  problem: Problem,
  start: Start,
  best: RankedPlan | undefined,
  style: Style,
): string {
  return [
    ...start.notes.map((note) => wrap(`${start.file}: ${note}.`, style.columns)),
    outcome(problem, start, best, style),
  ].join('\n');
}

function outcome(
  problem: Problem,
  { file, seated, now, changes }: Start,
  best: RankedPlan | undefined,
  style: Style,
): string {
  if ('rule' in now) {
    const hint = now.hint === undefined ? '' : ` ${now.hint}`;
    return wrap(
      `${file} cannot run as it is: ${now.rule}: ${now.actual}; limit ${now.limit}.${hint}`,
      style.columns,
    );
  }
  const { stepSeconds, verdict } = now.estimate;
  const memory = `peak GiB ${memoryWords(problem, now.estimate).join(', ')}`;
  const runs =
    verdict === 'does-not-fit'
      ? `does not fit: ${memory}`
      : `${formatSeconds(stepSeconds)} a step, ${memory}`;
  const where =
    seated || problem.cluster.groups.length === 1 ? '' : ', on the hosts in the order of the cluster';
  if (best === undefined || changes === null)
    return wrap(`${file} as it is${where}: ${runs}.`, style.columns);
  if (changes.length === 0) return wrap(`${file} as it is${where}: ${runs}: plan 1 itself.`, style.columns);
  const factor = stepSeconds / best.estimate.stepSeconds;
  const faster = factor < 1.005 ? 'no faster' : `${digits(factor)}× as fast`;
  const gain = verdict === 'does-not-fit' ? 'Plan 1 fits.' : `Plan 1 is ${faster}.`;
  return [
    wrap(`${file} as it is${where}: ${runs}. ${gain} Written out by emit, it changes:`, style.columns),
    ...changes.map((line) => `  ${line}`),
  ].join('\n');
}

export function startJson(
  problem: Problem,
  { file, notes, now, changes }: Start,
): NonNullable<PlanDocument['from']> {
  return 'rule' in now
    ? { file, notes, reason: now }
    : {
        file,
        notes,
        configuration: planText(problem, now.plan),
        stepTimeSeconds: now.estimate.stepSeconds,
        verdict: now.estimate.verdict,
        changes,
      };
}
