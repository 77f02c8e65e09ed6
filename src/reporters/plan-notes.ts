import type { Problem } from '../domain/problem.ts';
import type { RankedPlan, SearchResult, WhatIf } from '../domain/search-result.ts';
import { TIE } from '../domain/tie.ts';
import { restsOnUnmeasured, unmeasuredGroups } from '../evaluate/measured/unmeasured.ts';
import { keptFree } from '../evaluate/memory/limit-words.ts';
import { MEMORY_ERROR } from '../evaluate/memory/walk.ts';
import { arithmetic } from '../plan-text/degrees.ts';
import { digits, formatPercent, formatSeconds } from '../units/format.ts';
import { besideWords, missWords, programWords, variantWords } from './beside.ts';
import type { Style } from './paint.ts';
import { rangeWords, steadyWords } from './steady.ts';
import {
  clip,
  gpuCountWords,
  islandsWords,
  layersWords,
  sharesWords,
  stalenessWords,
  unlikeCopiesWords,
} from './words.ts';

/** More are counted. */
const MOST_ASSUMPTIONS = 8;

/** What stands under the ranking, a line each. */
export function planNotes(
  problem: Problem,
  { plans, evenSplit, nearestMiss }: SearchResult,
  beside: WhatIf,
  { verbose = false }: Pick<Style, 'verbose'> = { verbose: true },
): string[] {
  const best = plans[0]!;
  const lines: string[] = [];
  const ties = plans.filter((plan) => plan.rank > 1 && plan.tiedWithBest).length;
  if (ties > 0) lines.push(tieWords(ties, beside.objective));
  if (beside.steady) lines.push(steadyWords(best, beside.steady, beside.objective));
  const range = rangeWords(plans);
  if (range !== null) lines.push(range);
  const tight = plans.filter(({ estimate }) => estimate.verdict === 'tight').map((one) => one.rank);
  if (tight.length > 0) lines.push(tightWords(tight));
  const keptBack = keptBackOf(problem, plans);
  if (keptBack.length > 0) lines.push(unmeasuredWords(problem, keptBack));
  if (best.variants.length > 0)
    lines.push(
      `Same layout as 1: ${best.variants.map((one) => variantWords(problem, best, one)).join('; ')}.`,
    );
  const shares = sharesWords(best.plan);
  if (shares !== null) lines.push(`Micro-batches of plan 1: ${shares}.`);
  lines.push(...unlikeCopiesWords(problem, best.plan));
  if ('rule' in evenSplit) lines.push(`Even split: ${evenSplit.actual}. ${evenSplit.hint ?? ''}`.trim());
  else {
    const factor = evenSplit.estimate.stepSeconds / best.estimate.stepSeconds;
    const verdict =
      factor < 0.995
        ? `${digits(1 / factor)}× as fast as plan 1, ${restsOnUnmeasured(problem, evenSplit.plan) ? 'by estimate' : beside.steady ? 'a tie' : 'which another objective puts first'}`
        : factor < 1.005
          ? 'as fast as the best plan'
          : `the best plan is ${digits(factor)}× as fast`;
    const how = `${arithmetic(evenSplit.plan)}, layers ${clip(layersWords(evenSplit.plan), 24)}`;
    lines.push(`Even split: ${formatSeconds(evenSplit.estimate.stepSeconds)} (${how}): ${verdict}.`);
  }
  if (nearestMiss !== null)
    lines.push(
      `Nearest miss, which would win if it fitted: ${formatSeconds(nearestMiss.estimate.stepSeconds)} with ${missWords(problem, nearestMiss)}`,
    );
  const check = best.partition?.check;
  if (verbose && best.partition !== null) {
    lines.push(
      `Stage cut: ${best.partition.method === 'launcher' ? "the launcher's own" : best.partition.method}${check ? `, checked by ${check.solver}: ${check.status}` : ''}${best.partition.settled === true ? "; then layers moved for the schedule's own time" : ''}.`,
      ...programWords(best.partition),
    );
  }
  const idle = idleGroups(problem, best);
  if (idle.length > 0) lines.push(`Left idle by the best plan: ${idle.join(', ')}.`);
  lines.push(...besideWords(beside, best));
  lines.push(mfuWords(problem), headroomWords(problem));
  lines.push(
    `How sure: step time within about ±${formatPercent(best.estimate.band)}; weakest figure used: ${best.estimate.weakestProvenance}.`,
  );
  const { assumptions } = best.estimate;
  lines.push(...islandsWords(problem, best.estimate), ...pricesWords(plans));
  lines.push(...assumptions.slice(0, MOST_ASSUMPTIONS).map((assumption) => `Assumed: ${assumption}.`));
  if (assumptions.length > MOST_ASSUMPTIONS)
    lines.push(`And ${assumptions.length - MOST_ASSUMPTIONS} more assumptions: --json has them all.`);
  return lines;
}

/** What MFU is a share of, and what it counts. */
function mfuWords({ model }: Problem): string {
  const counted =
    model.unit === undefined
      ? 'token once, causal attention counted half,'
      : 'sample once, as its FLOPs are given,';
  return `MFU: forward and backward of every ${counted} recomputation not at all, over the dense peak of the GPUs in use.`;
}

function headroomWords({ workload }: Problem): string {
  return `Headroom: memory limits are what a GPU has, less ${keptFree(workload)}; --headroom changes that.`;
}

function tightWords(ranks: readonly number[]): string {
  const which = ranks.length === 1 ? `plan ${ranks[0]} is` : `plans ${ranks.join(', ')} are`;
  return `Tight: ${which} within ${formatPercent(MEMORY_ERROR)} of the memory limit, by which memory figures may err.`;
}

function tieWords(ties: number, objective: WhatIf['objective']): string {
  const are = `= ${ties === 1 ? 'is a tie' : 'are ties'} with`;
  if (objective === 'memory')
    return `${are} plan 1: shares of GPU memory less than ${formatPercent(TIE)} apart, by which memory figures may err.`;
  const best = objective === undefined ? 'the fastest' : 'the cheapest a token';
  return `${are} ${best}: less than ${formatPercent(TIE)} apart, where the model puts the wrong one first two times in five.`;
}

/** What plans cost in convergence: of the first, and what only others cost. */
function pricesWords(plans: readonly RankedPlan[]): string[] {
  const ranks = new Map<string, number[]>();
  for (const { rank, estimate } of plans) {
    const { convergence, staleness } = estimate;
    for (const line of [
      ...stalenessWords(staleness),
      ...convergence.map((price) => `Convergence: ${price}.`),
    ])
      ranks.set(line, [...(ranks.get(line) ?? []), rank]);
  }
  return [...ranks].map(([line, [first, ...more]]) =>
    first === 1 ? line : `Plan${more.length === 0 ? '' : 's'} ${[first, ...more].join(', ')}: ${line}`,
  );
}

/** Ranks of plans that stand after the first though nobody measured what they rest on. */
export function keptBackOf(problem: Problem, plans: readonly RankedPlan[]): number[] {
  const resting = plans.filter(({ plan }) => restsOnUnmeasured(problem, plan)).map((one) => one.rank);
  return resting.includes(1) ? [] : resting;
}

/** Plans that cannot come first, and why. */
function unmeasuredWords(problem: Problem, ranks: readonly number[]): string {
  const { cluster, layerProfile } = problem;
  const types = [...new Set(unmeasuredGroups(problem).map((index) => cluster.groups[index]!.gpu.id))];
  const which = ranks.length === 1 ? `Plan ${ranks[0]} rests` : `Plans ${ranks.join(', ')} rest`;
  return `${which} on estimates of ${types.join(', ')}, of which ${layerProfile!.name} has no layers: kept out of first place.`;
}

function idleGroups(problem: Problem, { plan }: RankedPlan): string[] {
  const used = new Map<number, number>();
  for (const pipeline of plan.pipelines) {
    for (const stage of pipeline.stages) {
      for (const block of stage.replicas) {
        used.set(block.group, (used.get(block.group) ?? 0) + block.count * block.tp * plan.dims.cp);
      }
    }
  }
  const idle = problem.cluster.groups.flatMap(({ index, nodes, gpusPerNode, gpu }) => {
    const gpus = nodes * gpusPerNode - (used.get(index) ?? 0);
    return gpus > 0 ? [{ gpus, type: gpu.id }] : [];
  });
  return gpuCountWords(idle);
}
