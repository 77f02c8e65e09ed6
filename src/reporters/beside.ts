import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import type {
  IdleGroup,
  NearestMiss,
  PartitionProof,
  RankedPlan,
  Untaken,
  Variant,
  WhatIf,
} from '../domain/search-result.ts';
import { arithmetic } from '../plan-text/degrees.ts';
import { toldTechniques } from '../plan-text/told.ts';
import { formatBandwidth, formatInteger, formatPercent, formatSeconds } from '../units/format.ts';
import { clip, layersWords, microBatchWords, scheduleWords, techniqueWords } from './words.ts';

/** What a plan of the same layout does otherwise, and its step. */
export function variantWords(
  problem: Problem,
  { plan: best }: RankedPlan,
  { plan, stepSeconds }: Variant,
): string {
  const wordsOf = (one: Plan) => [
    `mbs ${microBatchWords(one)}`,
    scheduleWords(one),
    ...toldTechniques(problem, one).map(({ name, words }) => `${name} ${words}`),
  ];
  const known = wordsOf(best);
  const how = wordsOf(plan).filter((word) => !known.includes(word));
  return `${how.join(', ')} ${formatSeconds(stepSeconds)}`;
}

/** A plan that memory rules out, by how much, and what would mend it. */
export function missWords(problem: Problem, { plan, reason, remedy }: NearestMiss): string {
  const how = [
    arithmetic(plan),
    scheduleWords(plan),
    `mbs ${microBatchWords(plan)}`,
    techniqueWords(problem, plan),
  ];
  return `${how.join(', ')}: ${reason.actual} of ${reason.limit}; ${remedy}.`;
}

/** What the integer programs say of groups and of shares. */
export function programWords({ groups, shares, objectiveSeconds }: PartitionProof): string[] {
  const lines: string[] = [];
  if (groups !== null && groups.objectiveSeconds !== null)
    lines.push(
      `Groups to stages: the integer program over all assignments has ${formatSeconds(groups.objectiveSeconds)} (${groups.status}), this plan's order ${formatSeconds(objectiveSeconds)}.`,
    );
  if (shares !== null) lines.push(`Micro-batch shares: checked by ${shares.solver}: ${shares.status}.`);
  return lines;
}

/** Only what was kept out of first place can be faster: estimated where the best plan was measured. */
function slowerWords(share: number): string {
  if (share < 0) return `${formatPercent(-share)} less, by estimate`;
  return share < 1 ? `${formatPercent(share)} slower` : `${(1 + share).toFixed(1)} times as long`;
}

function otherWords({ precision, stepSeconds }: NonNullable<IdleGroup['otherwise']>, now: number): string {
  const share = stepSeconds / now - 1;
  const change = `${formatPercent(Math.abs(share))} ${share < 0 ? 'less' : 'more'}`;
  return `With --precision ${precision} the best step is ${formatSeconds(stepSeconds)}, ${change}.`;
}

/** How much faster a plan is than the step `now`, and by what. */
function fasterWords(
  { plan: { plan, estimate }, freedoms }: Pick<NonNullable<WhatIf['freer']>, 'plan' | 'freedoms'>,
  now: number,
): string {
  const how = [...freedoms, arithmetic(plan), `layers ${clip(layersWords(plan), 40)}`];
  const times = (now / estimate.stepSeconds).toFixed(2);
  return `${times} times as fast, ${formatSeconds(estimate.stepSeconds)} (${how.join('; ')})`;
}

export function refusalWords({ actual, limit, hint }: Reason): string {
  return `${actual}, limit ${limit}${hint === undefined ? '' : `. ${hint}`}`;
}

/** `tp=3 cannot be: it has to be a divisor of … Maybe tp=2 or tp=4.` */
export function cannotWords({ actual, limit, hint }: Reason): string {
  return `${actual} cannot be: it has to be ${limit}.${hint === undefined ? '' : ` ${hint}`}`;
}

/** Where nothing was found: what of that which is held is in the way, and who would run it. */
export function wayOutWords(problem: Problem, { cannot, without, freer, beyond }: WhatIf): string[] {
  const how = ({ plan, estimate }: RankedPlan) =>
    `${formatSeconds(estimate.stepSeconds)} with ${arithmetic(plan)}, ${scheduleWords(plan)}, mbs ${microBatchWords(plan)}, ${techniqueWords(problem, plan)}`;
  return [
    ...cannot.map(cannotWords),
    ...(freer === null
      ? []
      : [`With ${freer.launchers.map((id) => `--launcher ${id}`).join(' or ')}: ${how(freer.plan)}.`]),
    ...(beyond === null
      ? []
      : [
          `No framework here runs one; ${beyond.framework}: ${beyond.reason.actual}, limit ${beyond.reason.limit}. For a runtime of your own, --launcher any: ${how(beyond.plan)}.`,
        ]),
    ...without.map(({ held, plan }) => `Without ${held}: ${how(plan)}.`),
  ];
}

/** Who runs the best plan as printed; times of the table are those of no framework where each has a stack of its own. */
function launchersWords({ launchers, ownStacks = [] }: Pick<WhatIf, 'launchers' | 'ownStacks'>): string[] {
  if (launchers.length === 0)
    return ['No framework here runs 1 as printed: --to json describes it for a runtime of your own.'];
  if (ownStacks.length === 0) return [`Run 1 as printed: ${launchers.join(', ')}.`];
  const fit = ownStacks
    .filter(({ fits }) => fits)
    .map(
      (one) => `${one.launchers.join(', ')} (${formatSeconds(one.stepSeconds)} on the stack ${one.stack})`,
    );
  const tight = ownStacks.filter(({ fits }) => !fits).flatMap((one) => one.launchers);
  return [
    ...(fit.length === 0 ? [] : [`Run 1 as printed: ${fit.join(', ')}.`]),
    ...(tight.length === 0
      ? []
      : [
          `It does not fit on the own stack of ${tight.join(', ')}: ${tight.map((id) => `--launcher ${id}`).join(' or ')} finds what does.`,
        ]),
  ];
}

/** What was tried by leave and brought nothing. */
function untakenWords(
  { allowed, rank, stepSeconds, costShare, reason }: Untaken,
  objective: WhatIf['objective'],
): string {
  const tried = `--allow ${allowed} was tried`;
  if (stepSeconds === null || costShare === null)
    return reason === null
      ? `${tried}: nothing here can do it.`
      : reason.rule === 'memory'
        ? `${tried}: no plan with it fits.`
        : `${tried}: no plan with it runs: ${reason.actual}, limit ${reason.limit}.`;
  const who = rank === null ? 'the best plan with it' : `plan ${rank}, the first with it,`;
  const share = formatPercent(Math.abs(costShare));
  const same = Math.abs(costShare) < 5e-4;
  const by = costShare < 0 ? `${share} less, which is no more than the model can tell` : `${share} more`;
  if (objective === 'memory') return `${tried}: ${who} takes ${same ? 'as much' : by} of a GPU's memory.`;
  if (objective !== undefined) return `${tried}: ${who} costs ${same ? 'as much' : by} a token.`;
  const step = `takes ${same ? 'as long' : by} (${formatSeconds(stepSeconds)})`;
  return `${tried}: ${who} ${step}.`;
}

/** Idle groups, a freer plan, the order of nodes, slow links. */
export function besideWords(beside: WhatIf, best: RankedPlan): string[] {
  const { idle, freer, beyond, placement, slowLinks, unaided } = beside;
  const now = best.estimate.stepSeconds;
  const lines = launchersWords(beside);
  if (unaided)
    lines.push(
      unaided.stepSeconds === null
        ? `Chosen for want of memory: without --allow ${unaided.allowed} nothing fits.`
        : `Without --allow ${unaided.allowed} the best step is ${formatSeconds(unaided.stepSeconds)}.`,
    );
  lines.push(...(beside.untaken ?? []).map((one) => untakenWords(one, beside.objective)));
  const asked = idle
    .filter(({ asked }) => asked)
    .map(({ group, gpus, gpuType, stepSeconds, reason = null, otherwise = null }) => {
      const using = `With ${group} (${gpus} × ${gpuType}) in use`;
      if (stepSeconds !== null)
        return `${using} the best step is ${formatSeconds(stepSeconds)}: ${slowerWords(stepSeconds / now - 1)}.`;
      const why = reason === null ? '' : `: ${reason.actual}, limit ${reason.limit}`;
      return `${using} no plan runs${why}.${otherwise === null ? '' : ` ${otherWords(otherwise, now)}`}`;
    });
  lines.push(...asked);
  if (freer !== null) {
    const who = freer.launchers.map((id) => `--launcher ${id}`).join(' or ');
    lines.push(`With ${who}: ${fasterWords(freer, now)}.`);
  }
  if (beyond !== null) {
    const { framework, reason } = beyond;
    lines.push(
      `With full freedom: ${fasterWords(beyond, now)}. No framework here runs that; ${framework}: ${reason.actual}, limit ${reason.limit}.`,
    );
  }
  if (placement !== null) {
    const share = (seconds: number) => formatPercent(1 - placement.stepSeconds / seconds);
    lines.push(
      `Node order by measured links (${placement.method}, ${formatInteger(placement.tried)} orders): ${share(placement.rankOrderSeconds)} less than in the file's order, ${share(placement.greedySeconds)} less than nearest neighbours first.`,
    );
  }
  for (const link of slowLinks) {
    lines.push(
      `Slow link ${link.from} → ${link.to}: ${formatBandwidth(link.bytesPerSecond)} where its like have ${formatBandwidth(link.medianBytesPerSecond)}; it costs this plan ${formatSeconds(Math.max(0, link.costSeconds))} a step.`,
    );
  }
  return lines;
}
