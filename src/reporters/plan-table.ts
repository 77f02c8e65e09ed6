import type { Problem } from '../domain/problem.ts';
import type { RankedPlan, SearchResult, WhatIf } from '../domain/search-result.ts';
import { restsOnUnmeasured, unmeasuredGroups } from '../evaluate/measured/unmeasured.ts';
import { keptFree } from '../evaluate/memory/limit-words.ts';
import { arithmetic, degreesOf } from '../plan-text/degrees.ts';
import { optimizerWords } from '../plan-text/optimizer-text.ts';
import { toldTechniques } from '../plan-text/told.ts';
import { TECHNIQUES } from '../techniques/index.ts';
import { digits, formatInteger, formatPercent, formatSeconds } from '../units/format.ts';
import { wrap } from '../units/wrap.ts';
import { besideWords, missWords, programWords, steadierWords, variantWords } from './beside.ts';
import { noneWords, nothingWords } from './no-plan.ts';
import { packingWords } from './packing.ts';
import { fitting, grid, painter, type Style } from './paint.ts';
import { trainingWords } from './training.ts';
import {
  clip,
  gpuCountWords,
  islandsWords,
  layersWords,
  memoryWords,
  microBatchWords,
  scheduleWords,
  sharesWords,
  stalenessWords,
  techniqueWords,
  unlikeCopiesWords,
} from './words.ts';

const WIDE = 140;
/** More are counted. */
const MOST_ASSUMPTIONS = 8;

/** The ranked table and what stands under it. */
export function planTable(problem: Problem, result: SearchResult, beside: WhatIf, style: Style): string {
  const paint = painter(style);
  const blocks = [paint.bold(wrap(problemWords(problem), style.columns))];
  if (result.plans.length > 0) {
    const lines = narrow(problem, result.plans, style);
    blocks.push(style.columns < WIDE ? lines : fitting(style.columns, wide(problem, result.plans), lines));
    blocks.push(
      planNotes(problem, result, beside)
        .map((line) => wrap(line, style.columns))
        .join('\n'),
    );
  } else {
    const { cutBy } = result.certificate;
    blocks.push(
      paint.red(cutBy === null ? noneWords(result) : `Nothing found yet: cut by ${cutBy}.`),
      nothingWords(problem, result, beside, style),
    );
  }
  blocks.push(wrap(certificateWords(problem, result), style.columns));
  return `${blocks.join('\n\n')}\n`;
}

/** The problem in a line. */
export function problemWords({ model, cluster, workload, stack }: Problem): string {
  const gpus = gpuCountWords(
    cluster.groups.map(({ nodes, gpusPerNode, gpu }) => ({ gpus: nodes * gpusPerNode, type: gpu.id })),
  ).join(' + ');
  const trained = model.training === undefined ? '' : ` ${trainingWords(model)},`;
  const optimizer = optimizerWords(workload);
  return `${model.name} on ${gpus},${trained} sequence ${workload.sequenceLength}${packingWords(workload)}, batch ${workload.globalBatchSize}, ${workload.precision}, ${optimizer === null ? '' : `${optimizer}, `}${stack.id} stack, ${keptFree(workload)}`;
}

export function rank({ rank: n, tiedWithBest }: RankedPlan): string {
  return n > 1 && tiedWithBest ? `${n}=` : `${n}`;
}

function wide(problem: Problem, plans: readonly RankedPlan[]): string {
  const told = plans.map(({ plan }) => toldTechniques(problem, plan));
  const techniques = TECHNIQUES.filter(({ id }) => told.some((some) => some.some((one) => one.id === id)));
  const head = [
    '#',
    'step',
    'tokens/s',
    'MFU',
    'GPUs',
    'schedule',
    'mbs',
    ...techniques.map(({ name }) => name),
    'layers per stage',
    'peak / limit GiB',
  ];
  const rows = plans.map((ranked) => {
    const { plan, estimate } = ranked;
    return [
      rank(ranked),
      formatSeconds(estimate.stepSeconds),
      formatInteger(estimate.tokensPerSecond),
      formatPercent(estimate.mfu),
      arithmetic(plan) + expert(ranked),
      scheduleWords(plan),
      microBatchWords(plan),
      ...techniques.map(({ of, words }) => words(of(plan.techniques))),
      clip(layersWords(plan), 22),
      memoryWords(problem, estimate).join('\n'),
    ];
  });
  return grid(head, rows, [1, 2, 3, 6]);
}

export function expert({ plan }: RankedPlan): string {
  const { ep, etp } = degreesOf(plan);
  return ep > 1 || etp > 1 ? `, EP ${ep}${etp > 1 ? ` ETP ${etp}` : ''}` : '';
}

/** Under a head, three lines a plan: figures first, then how, then memory. */
function narrow(problem: Problem, plans: readonly RankedPlan[], style: Style): string {
  const tokens = (one: RankedPlan) => formatInteger(one.estimate.tokensPerSecond);
  const width = Math.max('tokens/s'.length, ...plans.map((one) => tokens(one).length));
  const head = `${'#'.padEnd(3)} ${'step'.padStart(8)}  ${'tokens/s'.padStart(width)}  ${'MFU'.padStart(6)}  GPUs = degrees`;
  const rows = plans
    .map((ranked) => {
      const { plan, estimate } = ranked;
      const first = `${rank(ranked).padEnd(3)} ${formatSeconds(estimate.stepSeconds).padStart(8)}  ${tokens(ranked).padStart(width)}  ${formatPercent(estimate.mfu).padStart(6)}  ${arithmetic(plan)}${expert(ranked)}`;
      const how = [
        scheduleWords(plan),
        `mbs ${microBatchWords(plan)}`,
        techniqueWords(problem, plan),
        `layers ${clip(layersWords(plan), 40)}`,
      ];
      const peak = `peak GiB: ${memoryWords(problem, estimate).join(', ')}`;
      return [first, how.join(', '), peak]
        .map(
          (line, i) => (i === 0 ? '' : '    ') + wrap(line, style.columns - 4, i === 0 ? '    ' : '      '),
        )
        .join('\n');
    })
    .join('\n');
  return `${head}\n${rows}`;
}

/** What stands under the ranking, a line each. */
export function planNotes(
  problem: Problem,
  { plans, evenSplit, nearestMiss }: SearchResult,
  beside: WhatIf,
): string[] {
  const best = plans[0]!;
  const lines: string[] = [];
  const ties = plans.filter((plan) => plan.rank > 1 && plan.tiedWithBest).length;
  if (ties > 0)
    lines.push(`= ${ties === 1 ? 'is a tie' : 'are ties'} with the best: closer than the model can tell.`);
  if (beside.steadier) lines.push(steadierWords(best, plans, beside.steadier));
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
        ? `${digits(1 / factor)}× as fast as plan 1${restsOnUnmeasured(problem, evenSplit.plan) ? ', by estimate' : ', which another objective puts first'}`
        : factor < 1.005
          ? 'as fast as the best plan'
          : `the best plan is ${digits(factor)}× as fast`;
    const how = `${arithmetic(evenSplit.plan)}, layers ${clip(layersWords(evenSplit.plan), 24)}`;
    lines.push(`Even split: ${formatSeconds(evenSplit.estimate.stepSeconds)} (${how}): ${verdict}.`);
  }
  if (nearestMiss !== null) {
    lines.push(
      `Faster if it fitted: ${formatSeconds(nearestMiss.estimate.stepSeconds)} with ${missWords(problem, nearestMiss)}`,
    );
  }
  const check = best.partition?.check;
  if (best.partition !== null) {
    lines.push(
      `Stage cut: ${best.partition.method === 'launcher' ? "the launcher's own" : best.partition.method}${check ? `, checked by ${check.solver}: ${check.status}` : ''}${best.partition.settled === true ? "; then layers moved for the schedule's own time" : ''}.`,
      ...programWords(best.partition),
    );
  }
  const idle = idleGroups(problem, best);
  if (idle.length > 0) lines.push(`Left idle by the best plan: ${idle.join(', ')}.`);
  lines.push(...besideWords(beside, best));
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
function keptBackOf(problem: Problem, plans: readonly RankedPlan[]): number[] {
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

/** What was searched, and what that proves. */
export function certificateWords(problem: Problem, { certificate: c, plans }: SearchResult): string {
  const removed = c.rejected.map(({ rule, count }) => `${formatInteger(count)} by ${rule}`).join(', ');
  const why =
    c.cutBy === null ? `${formatInteger(c.unproven ?? 0)} may have a better layer cut` : `cut by ${c.cutBy}`;
  const verdict = c.optimal
    ? c.evaluated > 0
      ? `nothing better exists in this space${keptBackOf(problem, plans).length > 0 ? ' of what was measured' : ''}`
      : 'the whole space was searched'
    : c.unlisted === true
      ? `${why} before all configurations were listed`
      : c.gap === null
        ? `${why}; no plan was found`
        : `${why}; at most ${formatPercent(c.gap)} better is possible`;
  return `Searched ${formatInteger(c.space)} configurations: ${removed === '' ? 'none rejected' : `rejected ${removed}`}; ${formatInteger(c.boundedAway)} bounded away, ${formatInteger(c.evaluated)} costed${c.left > 0 ? `, ${formatInteger(c.left)} not looked at` : ''}: ${verdict}.`;
}
