import type { Problem } from '../domain/problem.ts';
import type { RankedPlan, SearchResult, WhatIf } from '../domain/search-result.ts';
import { keptFree } from '../evaluate/memory/limit-words.ts';
import { arithmetic, degreesOf } from '../plan-text/degrees.ts';
import { optimizerWords } from '../plan-text/optimizer-text.ts';
import { formatInteger, formatPercent, formatSeconds } from '../units/format.ts';
import { wrap } from '../units/wrap.ts';
import { certificateWords } from './certificate.ts';
import { noneWords, nothingWords } from './no-plan.ts';
import { packingWords } from './packing.ts';
import { fitting, grid, painter, type Style } from './paint.ts';
import { planNotes } from './plan-notes.ts';
import { keyText, ROW_KEYS, type RowKey, rowKeys } from './row-keys.ts';
import { worstWords } from './steady.ts';
import { trainingWords } from './training.ts';
import { sequenceWords, unitOf } from './unit.ts';
import { clip, gpuCountWords, memoryWords } from './words.ts';

const WIDE = 140;
/** Of a cell; the commands below the table have all of it. */
const WIDEST = 28;

/** The ranked table and what stands under it. */
export function planTable(problem: Problem, result: SearchResult, beside: WhatIf, style: Style): string {
  const paint = painter(style);
  const blocks = [paint.bold(wrap(problemWords(problem), style.columns))];
  if (result.plans.length > 0) {
    const lines = narrow(problem, result.plans, style);
    blocks.push(style.columns < WIDE ? lines : fitting(style.columns, wide(problem, result.plans), lines));
    blocks.push(
      planNotes(problem, result, beside, style)
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
  blocks.push(wrap(certificateWords(problem, result, beside, style), style.columns));
  return `${blocks.join('\n\n')}\n`;
}

/** The problem in a line. */
export function problemWords({ model, cluster, workload, stack }: Problem): string {
  const gpus = gpuCountWords(
    cluster.groups.map(({ nodes, gpusPerNode, gpu }) => ({ gpus: nodes * gpusPerNode, type: gpu.id })),
  ).join(' + ');
  const trained = model.training === undefined ? '' : ` ${trainingWords(model)},`;
  const optimizer = optimizerWords(workload);
  return `${model.name} on ${gpus},${trained} ${sequenceWords(model, `${workload.sequenceLength}${packingWords(workload)}`)}batch ${workload.globalBatchSize}, ${workload.precision}, ${optimizer === null ? '' : `${optimizer}, `}${stack.id} stack, ${keptFree(workload)}`;
}

export function rank({ rank: n, tiedWithBest }: RankedPlan): string {
  return n > 1 && tiedWithBest ? `${n}=` : `${n}`;
}

function wide(problem: Problem, plans: readonly RankedPlan[]): string {
  const told = plans.map(({ plan }) => rowKeys(problem, plan));
  const keys = keysOf(told);
  const ranged = plans.some((one) => worstWords(one) !== null);
  const head = [
    ...['#', 'step'],
    ...(ranged ? ['up to'] : []),
    ...[`${unitOf(problem.model)}/s`, 'MFU', 'GPUs', ...keys, 'peak / limit GiB'],
  ];
  const rows = plans.map((ranked, row) => {
    const { plan, estimate } = ranked;
    return [
      rank(ranked),
      formatSeconds(estimate.stepSeconds),
      ...(ranged ? [worstWords(ranked) ?? ''] : []),
      formatInteger(estimate.tokensPerSecond),
      formatPercent(estimate.mfu),
      arithmetic(plan) + expert(ranked),
      ...keys.map((key) => clip(told[row]!.find((one) => one.key === key)?.value ?? '', WIDEST)),
      memoryWords(problem, estimate).join('\n'),
    ];
  });
  return grid(head, rows, ranged ? [1, 2, 3, 4] : [1, 2, 3]);
}

/** Of all rows, in the order that a row has them. */
function keysOf(rows: readonly (readonly RowKey[])[]): string[] {
  const used = new Set(rows.flatMap((row) => row.map(({ key }) => key)));
  return ROW_KEYS.filter((key) => used.has(key));
}

export function expert({ plan }: RankedPlan): string {
  const { ep, etp } = degreesOf(plan);
  return ep > 1 || etp > 1 ? `, EP ${ep}${etp > 1 ? ` ETP ${etp}` : ''}` : '';
}

/** Under a head, three lines a plan: figures first, then how, then memory. */
function narrow(problem: Problem, plans: readonly RankedPlan[], style: Style): string {
  const tokens = (one: RankedPlan) => formatInteger(one.estimate.tokensPerSecond);
  const rate = `${unitOf(problem.model)}/s`;
  const width = Math.max(rate.length, ...plans.map((one) => tokens(one).length));
  const upTo = (one: RankedPlan) => {
    const words = worstWords(one);
    return words === null ? '' : `  ${words.padStart(8)}`;
  };
  const upToHead = plans.some((one) => worstWords(one) !== null) ? `  ${'up to'.padStart(8)}` : '';
  const head = `${'#'.padEnd(3)} ${'step'.padStart(8)}${upToHead}  ${rate.padStart(width)}  ${'MFU'.padStart(6)}  GPUs = degrees`;
  const rows = plans
    .map((ranked) => {
      const { plan, estimate } = ranked;
      const first = `${rank(ranked).padEnd(3)} ${formatSeconds(estimate.stepSeconds).padStart(8)}${upTo(ranked)}  ${tokens(ranked).padStart(width)}  ${formatPercent(estimate.mfu).padStart(6)}  ${arithmetic(plan)}${expert(ranked)}`;
      const how = rowKeys(problem, plan).map((one) => clip(keyText(one), style.columns - 8));
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
