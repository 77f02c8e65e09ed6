import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { PROVENANCES, type Provenance } from '../domain/provenance.ts';
import type { RankedPlan, SearchResult } from '../domain/search-result.ts';
import type { SteadyChoice } from '../domain/step-range.ts';
import { TIE } from '../domain/tie.ts';
import { restsOnUnmeasured } from '../evaluate/measured/unmeasured.ts';
import { beyondMeasured } from '../plan-text/beyond-measured.ts';
import { kindsOfParallelism } from '../plan-text/kinds-of-parallelism.ts';
import { planText } from '../plan-text/text.ts';
import type { Objective } from '../search/space/objective.ts';
import { type Contender, steadiest } from './steady-choice.ts';
import { type DisturbedValue, disturbedValues } from './step-range.ts';

export const RANKS = ['steady', 'fastest'] as const;
/** What comes first among plans that the model cannot tell apart. */
export type Rank = (typeof RANKS)[number];

/** The first plan is chosen of so many of the best, however many are printed, and of those that are as cheap and sooner done. */
export const FINALISTS = 8;

interface Finalist extends Contender {
  readonly ranked: RankedPlan;
  readonly under: readonly DisturbedValue[];
}

/**
 * The plans with what each disturbance makes of them, `top` of them. Of those that the model cannot tell from the fastest the steadiest
 * comes first; the others follow as they were. `steady` is null where that is the fastest.
 */
export function steadyFirst(
  problem: Problem,
  result: SearchResult,
  { objective, top, rank }: { readonly objective: Objective; readonly top: number; readonly rank: Rank },
): { readonly result: SearchResult; readonly steady: SteadyChoice | null } {
  const all = finalists(problem, result.plans, objective);
  const [fastest] = all;
  if (fastest === undefined) return { result, steady: null };
  // The least memory is not a matter of what goes wrong.
  const choosing = rank === 'steady' && objective.id !== 'memory';
  const ties = choosing ? tiesOf(problem, all) : [fastest];
  const { first, staying } = steadiest(ties);
  const order = [first, ...all.filter((one) => one !== first)].slice(0, top);
  return {
    result: { ...result, plans: order.map(({ ranked }, i) => ({ ...ranked, rank: i + 1 })) },
    steady:
      first === fastest
        ? null
        : choiceOf(problem, first, fastest, {
            ...{ sooner: !ties.includes(fastest), stays: staying.includes(fastest), told: top > 1 },
          }),
  };
}

function finalists(problem: Problem, plans: readonly RankedPlan[], objective: Objective): Finalist[] {
  const under = disturbedValues(problem, plans, objective);
  return plans.map((ranked, i): Finalist => {
    const { plan, estimate } = ranked;
    return {
      ranked: { ...ranked, disturbed: under[i]!.map(({ value: _, ...told }) => told) },
      under: under[i]!,
      value: objective.value(plan, estimate),
      disturbed: under[i]!.map(({ value, fits }) => (fits ? value : Number.POSITIVE_INFINITY)),
      evidence: weakness(plan, estimate.weakestProvenance),
      kinds: kindsOfParallelism(plan).length,
    };
  });
}

/** Of what a plan rests on: degrees that nobody measured are weaker evidence than any figure. */
export function weakness(plan: Plan, provenance: Provenance): number {
  return PROVENANCES.indexOf(provenance) + (beyondMeasured(plan).length > 0 ? PROVENANCES.length : 0);
}

/**
 * Those that tie with the best and are done as soon as any that does: as cheap a token on half of the GPUs is no tie, it takes twice as
 * long. The soonest first; as many however many are printed.
 */
function tiesOf(problem: Problem, all: readonly Finalist[]): readonly Finalist[] {
  const seconds = ({ ranked }: Finalist) => ranked.estimate.stepSeconds;
  const tied = all.filter(
    ({ ranked }, i) => i === 0 || (ranked.tiedWithBest && !restsOnUnmeasured(problem, ranked.plan)),
  );
  const soonest = Math.min(...tied.map(seconds));
  return tied
    .filter((one) => seconds(one) <= soonest * (1 + TIE))
    .sort((a, b) => seconds(a) - seconds(b))
    .slice(0, FINALISTS);
}

function choiceOf(
  problem: Problem,
  first: Finalist,
  fastest: Finalist,
  { sooner, stays, told }: { readonly sooner: boolean; readonly stays: boolean; readonly told: boolean },
): SteadyChoice {
  return {
    why: sooner ? 'sooner' : !stays ? 'steady' : first.evidence < fastest.evidence ? 'evidence' : 'simpler',
    stepSeconds: fastest.ranked.estimate.stepSeconds,
    configuration: planText(problem, fastest.ranked.plan),
    rank: told ? 2 : null,
    costShare: first.value / fastest.value - 1,
    under: stays || sooner ? null : parted(first, fastest),
    beyond: first.evidence < fastest.evidence ? beyondMeasured(fastest.ranked.plan) : [],
    kinds: {
      first: kindsOfParallelism(first.ranked.plan),
      fastest: kindsOfParallelism(fastest.ranked.plan),
    },
  };
}

/** The disturbance under which the first is the most ahead. */
function parted(first: Finalist, fastest: Finalist): SteadyChoice['under'] {
  const ahead = (i: number) =>
    first.disturbed[i] === Number.POSITIVE_INFINITY ? 0 : fastest.disturbed[i]! / first.disturbed[i]!;
  const most = fastest.under.reduce((a, _, i) => (ahead(i) > ahead(a) ? i : a), 0);
  const [one, other] = [fastest.under[most]!, first.under[most]!];
  return {
    ...{ id: one.id, name: one.name, fastestFits: one.fits },
    ...{ first: other.stepSeconds, fastest: one.stepSeconds },
  };
}
