import type { RankedPlan, WhatIf } from '../domain/search-result.ts';
import { type Disturbed, type SteadyChoice, worstOf } from '../domain/step-range.ts';
import { formatPercent, formatSeconds } from '../units/format.ts';

/** The step of a plan in the worst disturbance: `24.1 s`, `no fit`; null: nothing was asked. */
export function worstWords({ estimate, disturbed }: RankedPlan): string | null {
  if (disturbed === undefined) return null;
  const worst = worstOf(estimate.stepSeconds, disturbed);
  if (worst === null) return formatSeconds(estimate.stepSeconds);
  return worst.fits ? formatSeconds(worst.stepSeconds) : 'no fit';
}

/** What `up to` counts, and which is the worst for whom. */
export function rangeWords(plans: readonly RankedPlan[]): string | null {
  const worst = new Map<string, number[]>();
  for (const { rank, estimate, disturbed = [] } of plans) {
    const one = worstOf(estimate.stepSeconds, disturbed);
    if (one !== null) worst.set(one.name, [...(worst.get(one.name) ?? []), rank]);
  }
  const [only, ...others] = [...worst];
  if (only === undefined) return null;
  const asked = new Set(plans.flatMap(({ disturbed = [] }) => disturbed.map(({ name }) => name)));
  const whose =
    others.length === 0
      ? only[0]
      : [only, ...others].map(([name, ranks]) => `${name} (${plansWords(ranks)})`).join(', ');
  return `Up to: the step with the worst of ${asked.size} things that may turn out worse than stated, one at a time; here ${whose}. explain has all.`;
}

function plansWords(ranks: readonly number[]): string {
  return `plan${ranks.length === 1 ? '' : 's'} ${ranks.join(', ')}`;
}

/** Why the first plan is not the fastest, and what that costs. */
export function steadyWords(
  first: RankedPlan,
  choice: SteadyChoice,
  objective?: WhatIf['objective'],
): string {
  const { rank } = choice;
  return `Plan 1 ${steadyReason(first, choice, objective)}; --rank fastest puts ${rank === null ? 'that one' : `plan ${rank}`} first.`;
}

/** The same without saying whose it is: `takes 0.6% longer than the fastest found (97.1 s), …`. */
export function steadyReason(
  { estimate }: RankedPlan,
  choice: SteadyChoice,
  objective?: WhatIf['objective'],
): string {
  const { rank, stepSeconds, costShare } = choice;
  const found = objective === undefined ? 'the fastest found' : 'the cheapest found';
  const who = rank === null ? found : `plan ${rank}, ${found}`;
  const slower = estimate.stepSeconds / stepSeconds - 1;
  const cost =
    objective === undefined
      ? `takes ${formatPercent(slower)} longer than ${who} (${formatSeconds(stepSeconds)})`
      : `costs ${formatPercent(costShare)} more a token than ${who}`;
  return `${cost}, which is less than the model can tell, and comes first because ${reasonWords(choice, estimate.stepSeconds)}`;
}

function reasonWords({ why, stepSeconds, under, beyond, kinds }: SteadyChoice, own: number): string {
  if (why === 'sooner')
    return `its step takes ${formatSeconds(own)}, that of the other ${formatSeconds(stepSeconds)}`;
  if (why === 'evidence')
    return beyond.length > 0
      ? `no run was measured with degrees of the other (${beyond.join('; ')})`
      : 'it rests on better evidence';
  if (why === 'simpler')
    return `it uses fewer kinds of parallelism (${kindWords(kinds.first)}; the other ${kindWords(kinds.fastest)})`;
  const { name, first, fastest, fastestFits } = under!;
  return fastestFits
    ? `with ${name} it takes ${formatSeconds(first)}, the other ${formatSeconds(fastest)}`
    : `with ${name} the other does not fit`;
}

function kindWords(kinds: readonly string[]): string {
  return kinds.length === 0 ? 'none' : kinds.join(', ');
}

/** Of an explanation: the step under each disturbance, the worst first. */
export function disturbedLines(stepSeconds: number, disturbed: readonly Disturbed[]): string[] {
  const cost = ({ fits, stepSeconds: seconds }: Disturbed) => (fits ? seconds : Number.POSITIVE_INFINITY);
  return [...disturbed]
    .sort((a, b) => cost(b) - cost(a) || (a.id < b.id ? -1 : 1))
    .map(({ name, stepSeconds: seconds, fits }) => {
      const share = seconds / stepSeconds - 1;
      const effect = Math.abs(share) < 5e-4 ? 'as long' : `+${formatPercent(share)}`;
      return `  ${formatSeconds(seconds).padStart(8)}  ${effect.padStart(7)}  ${name}${fits ? '' : ': does not fit'}`;
    });
}
