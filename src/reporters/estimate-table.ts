import { type Estimate, type Parts, type StageEstimate, total } from '../domain/estimate.ts';
import type { Explanation } from '../domain/explanation.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { keptFree } from '../evaluate/memory/limit-words.ts';
import { MEMORY_ERROR } from '../evaluate/memory/walk.ts';
import { arithmetic } from '../plan-text/degrees.ts';
import { optimizerWords } from '../plan-text/optimizer-text.ts';
import { formatPercent, formatSeconds } from '../units/format.ts';
import { GiB } from '../units/quantity.ts';
import { fixedParts, sharesOf } from '../units/rounded.ts';
import { wrap } from '../units/wrap.ts';
import { explainBlocks } from './explain-blocks.ts';
import { memoryParts, namesOf } from './memory-bars.ts';
import { packingWords } from './packing.ts';
import { grid, painter, type Style } from './paint.ts';
import { readWords, type Told } from './read-in-file.ts';
import { routingWords } from './routing.ts';
import { stepTable } from './step-table.ts';
import { trainingWords } from './training.ts';
import { rateWords } from './unit.ts';
import {
  fullest,
  islandsWords,
  layersWords,
  microBatchWords,
  scheduleWords,
  stalenessWords,
  techniqueWords,
} from './words.ts';

/** One configuration: the verdict, time part by part, memory part by part for each stage. `full` shows every stage. */
export function estimateTable(
  problem: Problem,
  plan: Plan,
  estimate: Estimate,
  { inferred, read }: Told,
  style: Style,
  full: boolean,
  explanation?: Explanation,
): string {
  const paint = painter(style);
  const verdict = {
    fits: paint.green('fits'),
    tight: paint.yellow('tight'),
    'does-not-fit': paint.red('does not fit'),
  }[estimate.verdict];
  const how = [
    arithmetic(plan),
    scheduleWords(plan),
    `micro-batch ${microBatchWords(plan)}`,
    techniqueWords(problem, plan),
    `layers ${layersWords(plan)}`,
  ].join(', ');
  const optimizer = optimizerWords(problem.workload);
  const more = explanation === undefined ? undefined : explainBlocks(problem, estimate, explanation, style);
  const blocks = [
    `${paint.bold(wrap(`${problem.model.name} on ${problem.cluster.name}: ${how}`, style.columns))}`,
    wrap(
      `step ${formatSeconds(estimate.stepSeconds)} (±${formatPercent(estimate.band)}), ${rateWords(problem.model, estimate.tokensPerSecond)}, MFU ${formatPercent(estimate.mfu)}, memory: ${verdict} (device figures ±${formatPercent(MEMORY_ERROR)})`,
      style.columns,
    ),
    ...(read === undefined ? [] : [wrap(readWords(problem, read), style.columns)]),
    ...(problem.model.training === undefined
      ? []
      : [wrap(`Trained: ${trainingWords(problem.model)}.`, style.columns)]),
    ...(optimizer === null ? [] : [wrap(`Optimizer: ${optimizer}.`, style.columns)]),
    ...(more?.head ?? []),
    explanation === undefined ? timeTable(estimate.time) : stepTable(estimate.time),
    memoryTable(problem, estimate, full),
    ...(estimate.hosts.length === 0 ? [] : [hostsTable(problem, estimate)]),
  ];
  if (full) blocks.push(stageMemoryTable(estimate, style), computeTable(estimate, style));
  blocks.push(...(more?.pictures ?? []), ...(more?.advice ?? []));
  const notes = [
    ...(inferred.length > 0 ? [`Inferred: ${inferred.join(', ')}.`] : []),
    ...(problem.workload.packing === undefined
      ? []
      : [`Sequences of ${problem.workload.sequenceLength}${packingWords(problem.workload)}.`]),
    ...(problem.workload.routing === undefined ? [] : [routingWords(problem.workload.routing)]),
    ...limitNotes(problem),
    `Weakest figure used: ${estimate.weakestProvenance}.`,
    ...islandsWords(problem, estimate),
    ...stalenessWords(estimate.staleness),
    ...estimate.convergence.map((price) => `Convergence: ${price}.`),
    ...estimate.assumptions.map((a) => `Assumed: ${a}.`),
  ];
  blocks.push(notes.map((line) => wrap(line, style.columns)).join('\n'));
  return `${blocks.join('\n\n')}\n`;
}

/** What limits stand on, where not on the usual share alone. */
function limitNotes({ workload }: Problem): string[] {
  const { headroomBytes, reservedBytes } = workload;
  return headroomBytes === undefined && reservedBytes === undefined
    ? []
    : [`Limit: GPU memory less ${keptFree(workload)}.`];
}

/** Parts below this share of the whole are left out of tables; JSON has them all. */
const NEGLIGIBLE = 1e-5;

function timeTable(time: Parts): string {
  const all = total(time);
  const parts = Object.entries(time).filter(([, seconds]) => seconds > NEGLIGIBLE * all);
  const shares = sharesOf(parts.map(([, seconds]) => seconds));
  const rows = parts.map(([name, seconds], i) => [name, formatSeconds(seconds), shares[i]!]);
  return grid(
    ['where the step goes (its busiest stage)', 'time', 'share'],
    [...rows, ['step', formatSeconds(all), '100.0%']],
    [1, 2],
  );
}

function memoryTable(problem: Problem, { stages }: Estimate, full: boolean): string {
  const shown = full ? stages : distinct(stages);
  const name = namesOf(stages);
  const rows = shown.map((one) => {
    const { group, layers, memory } = one;
    return [
      name(one),
      problem.cluster.groups[group]!.gpu.id,
      `${layers}`,
      (memory.allocatedBytes / GiB).toFixed(1),
      (memory.deviceBytes / GiB).toFixed(1),
      (memory.limitBytes / GiB).toFixed(1),
      memory.peakAt,
      memory.verdict,
    ];
  });
  const table = grid(
    ['stage', 'GPU', 'layers', 'alloc', 'device', 'limit GiB', 'peak at', ''],
    rows,
    [0, 2, 3, 4, 5],
  );
  const heaviest = fullest(stages);
  const parts = Object.entries(memoryParts(heaviest)).filter(([, bytes]) => bytes > 0);
  const held = parts.map(([, bytes]) => bytes);
  const [shownGiB, shares] = [inGiB(held), sharesOf(held)];
  const detail = parts.map(([name], i) => [name, shownGiB[i]!, shares[i]!]);
  return `${table}\n\n${grid([`memory of stage ${name(heaviest)}, the fullest`, 'GiB', 'share'], detail, [1, 2])}`;
}

/** What lies on hosts and their drives: the fullest of each node group. */
function hostsTable({ cluster }: Problem, { hosts }: Estimate): string {
  return hosts
    .map(({ device, group, bytes, parts, limitBytes, verdict }) => {
      const shares = sharesOf(Object.values(parts));
      const rows = Object.entries(parts).map(([name, part], i) => [
        name,
        (part / GiB).toFixed(1),
        shares[i]!,
      ]);
      const what = device === 'host' ? 'memory of one host' : 'drives of one host';
      const last = [
        `${(bytes / GiB).toFixed(0)} of ${(limitBytes / GiB).toFixed(0)} GiB: ${verdict}`,
        (bytes / GiB).toFixed(1),
        '100.0%',
      ];
      const { id, host } = cluster.groups[group]!;
      const cpu = host?.cpu === undefined ? '' : ` (${host.cpu})`;
      return grid([`${what}, ${id}${cpu}`, 'GiB', 'share'], [...rows, last], [1, 2]);
    })
    .join('\n\n');
}

/** Stages that look alike are shown once; the one that the verdict hangs on is always among them. */
function distinct(stages: Estimate['stages']): Estimate['stages'] {
  const heaviest = fullest(stages);
  return stages.length <= 8
    ? stages
    : stages.filter(
        (s, i) =>
          i === 0 ||
          i === stages.length - 1 ||
          i === Math.floor(stages.length / 2) ||
          s === heaviest ||
          s.group !== stages[i - 1]!.group ||
          s.pipeline !== stages[i - 1]!.pipeline,
      );
}

function stageMemoryTable({ stages }: Estimate, style: Style): string {
  return byStage('GiB at the peak, by stage', stages, style, memoryParts, inGiB, 'device');
}

/** Figures that add up to what is printed of their sum. */
function inGiB(values: readonly number[]): string[] {
  return fixedParts(
    values.map((bytes) => bytes / GiB),
    2,
  );
}

function computeTable({ stages }: Estimate, style: Style): string {
  return byStage(
    'one micro-batch, by stage',
    stages,
    style,
    (stage) => stage.compute,
    (values) => values.map(formatSeconds),
    'one micro-batch',
  );
}

/** A table with a column for each stage, broken into several where the line ends. */
function byStage(
  title: string,
  stages: Estimate['stages'],
  style: Style,
  partsOf: (stage: StageEstimate) => Parts,
  format: (values: readonly number[]) => string[],
  sum: string,
): string {
  const names = [...new Set(stages.flatMap((stage) => Object.keys(partsOf(stage))))].filter((name) =>
    stages.some((stage) => (partsOf(stage)[name] ?? 0) > NEGLIGIBLE * total(partsOf(stage))),
  );
  const perTable = Math.max(1, Math.floor((style.columns - 42) / 12));
  const name = namesOf(stages);
  const tables: string[] = [];
  for (let from = 0; from < stages.length; from += perTable) {
    const some = stages.slice(from, from + perTable);
    const columns = some.map((stage) => {
      const parts = partsOf(stage);
      const values = names.map((one) => parts[one] ?? 0);
      const shown = format(values).map((text, i) => (values[i]! > NEGLIGIBLE * total(parts) ? text : '–'));
      return [...shown, ...format([total(parts)])];
    });
    const rows = [...names, sum].map((one, i) => [one, ...columns.map((column) => column[i]!)]);
    const head = [title, ...some.map((stage) => `stage ${name(stage)}`)];
    tables.push(
      grid(
        head,
        rows,
        some.map((_, i) => i + 1),
      ),
    );
  }
  return tables.join('\n\n');
}
