import type { Problem } from '../domain/problem.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { planText } from '../plan-text/text.ts';
import type { PlanDocument } from '../schema/plan.ts';
import type { Start } from '../session/start.ts';
import { digits, formatSeconds } from '../units/format.ts';
import { wrap } from '../units/wrap.ts';
import type { Style } from './paint.ts';
import { memoryWords } from './words.ts';

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
