import type { LayerSummary } from '../accuracy/layer-score.ts';
import type { Scored } from '../accuracy/score.ts';
import type { Summary } from '../accuracy/summary.ts';
import { wrap } from '../units/wrap.ts';
import { fitting, grid, type Style } from './paint.ts';

const percent = (value: number | null) => (value === null ? '' : `${(100 * value).toFixed(1)}`);

/** What the columns are, once. */
const MEANING =
  'Errors of estimates, in per cent of what was measured. time %, memory %: their mean without sign; bias: their median with it, below 0 where estimates are too small; p90: nine of ten rows are off by less; macro: the mean over groups, each counting once.';

/** Errors by source, slice and kind, how often the band held, ranking, verdicts, and the rows that are worst. */
export function accuracyTable(
  rows: readonly Scored[],
  summary: Summary,
  worst: number,
  { columns }: Pick<Style, 'columns'>,
): string {
  const groups = Object.entries(summary.groups).map(([group, { time, memory }]) => [
    shortened(group, 40),
    `${time.rows}`,
    percent(time.mape),
    percent(time.bias),
    percent(time.p90),
    `${memory.rows}`,
    percent(memory.mape),
    percent(memory.worstUnder),
  ]);
  const macro = ['macro', '', percent(summary.macro.time), '', '', '', '', ''];
  const named = ['group', 'rows', 'time %', 'bias', 'p90', 'rows', 'memory %', 'worst under'];
  const time = [...groups, macro].map((row) => row.slice(0, 5));
  const memory = groups.map(([group, , , , , ...rest]) => [group!, ...rest]);
  const blocks = [
    wrap(MEANING, columns),
    fitting(
      columns,
      grid(named, [...groups, macro]),
      `${grid(named.slice(0, 5), time)}\n\n${grid([named[0]!, ...named.slice(5)], memory)}`,
    ),
    grid(
      ['slice', 'rows', 'time %', 'bias', 'p90'],
      Object.entries(summary.slices)
        .filter(([, { rows }]) => rows > 0)
        .map(([name, s]) => [name, `${s.rows}`, percent(s.mape), percent(s.bias), percent(s.p90)]),
    ),
    ...makerTables(summary, columns),
    grid(
      ['printed band', 'rows', 'sources', 'inside %', 'left out', 'band ±%'],
      Object.entries(summary.coverage).map(([name, s]) => [
        name,
        `${s.rows}`,
        `${s.sources}`,
        percent(s.inside),
        percent(s.leftOut),
        percent(s.band),
      ]),
    ),
    ...memoryKinds(summary),
    ...rankingLines(summary, columns),
    wrap(`false fits: ${summary.falseFits.join(', ') || 'none'}`, columns),
    wrap(`false rejections: ${summary.falseRejections.join(', ') || 'none'}`, columns),
    `${summary.rows} rows: ${summary.scored} scored, ${summary.unscored} unscored, ${summary.inexpressible} inexpressible`,
    ...reasonLines(rows, columns),
    ...worstRows(rows, worst, columns),
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** Of each maker a table, a GPU a line, generations together; time and memory apart where both do not fit. */
function makerTables({ makers }: Summary, columns: number): string[] {
  return Object.entries(makers).map(([maker, gpus]) => {
    const rows = Object.entries(gpus).map(([id, s]) => ({
      gpu: [id, s.architecture],
      time: [s.rows, ...[s.mape, s.bias, s.inside, s.band].map(percent)].map(String),
      memory: [s.memoryRows, percent(s.memory), percent(s.worstUnder)].map(String),
    }));
    const gpu = [maker, 'generation'];
    const time = ['rows', 'time %', 'bias', 'inside %', 'band ±%'];
    const memory = ['rows', 'memory %', 'worst under'];
    const timed = grid(
      [...gpu, ...time],
      rows.map((one) => [...one.gpu, ...one.time]),
    );
    const held = rows.filter((one) => one.memory[0] !== '0').map((one) => [...one.gpu, ...one.memory]);
    const apart = held.length === 0 ? timed : `${timed}\n\n${grid([...gpu, ...memory], held)}`;
    const beside = rows.map((one) => [...one.gpu, ...one.time, ...one.memory]);
    return fitting(columns, held.length === 0 ? timed : grid([...gpu, ...time, ...memory], beside), apart);
  });
}

function memoryKinds({ memoryByKind }: Summary): string[] {
  const kinds = Object.entries(memoryByKind).filter(([, { rows }]) => rows > 0);
  if (kinds.length === 0) return [];
  const table = grid(
    ['memory', 'rows', '%', 'worst under', 'worst over'],
    kinds.map(([kind, s]) => [
      kind,
      `${s.rows}`,
      percent(s.mape),
      percent(s.worstUnder),
      percent(s.worstOver),
    ]),
  );
  return [table];
}

/** Only of sweeps, of which a file may have none. */
function rankingLines({ ranking }: Summary, columns: number): string[] {
  if (ranking.sweeps === 0) return [];
  const { sweeps, spearman, topOneRegret, worstTopOneRegret, bestOfThreeRegret } = ranking;
  const words = `ranking over ${sweeps} sweeps: Spearman ${spearman?.toFixed(2) ?? '-'}, top-1 regret ${percent(topOneRegret)} % (worst ${percent(worstTopOneRegret)} %), best of three ${percent(bestOfThreeRegret)} %`;
  return [wrap(words, columns)];
}

/** Why rows could not be expressed, the most frequent first. */
function reasonLines(rows: readonly Scored[], columns: number): string[] {
  const reasons = new Map<string, number>();
  for (const { status, reason } of rows)
    if (status === 'inexpressible') reasons.set(reason!, (reasons.get(reason!) ?? 0) + 1);
  const lines = [...reasons].sort((a, b) => b[1] - a[1]);
  return lines.length === 0
    ? []
    : [lines.map(([reason, n]) => wrap(`  ${n} × ${reason}`, columns, '    ')).join('\n')];
}

function worstRows(rows: readonly Scored[], worst: number, columns: number): string[] {
  const timed = rows
    .filter((row) => row.stepError !== undefined)
    .sort((a, b) => Math.abs(Math.log(1 + b.stepError!)) - Math.abs(Math.log(1 + a.stepError!)))
    .slice(0, worst);
  if (timed.length === 0) return [];
  const table = (assumed: number, name: number) =>
    grid(
      ['worst rows', 'error %', 'measured s', ...(assumed > 0 ? ['assumed'] : [])],
      timed.map((row) => [
        shortened(row.id, name),
        percent(row.stepError!),
        row.measuredStepSeconds!.toPrecision(3),
        ...(assumed > 0 ? [row.assumptions.join('; ').slice(0, assumed)] : []),
      ]),
    );
  return [fitting(columns, table(60, 100), table(0, 100), table(0, 50))];
}

function shortened(name: string, most: number): string {
  return name.length <= most ? name : `${name.slice(0, most - 1)}…`;
}

/** Errors of single layers' kernels by GPU, and of the speed ratio of two GPU types. */
export function layersTable(
  { byGpu, ratio, layers }: LayerSummary,
  { columns }: Pick<Style, 'columns'>,
): string {
  const kinds = ['fp16 small', 'fp16 large', 'fp32 small', 'fp32 large'];
  const table = (some: readonly string[]) => {
    const rows = Object.entries(byGpu).map(([gpu, errors]) => [
      gpu,
      ...some.flatMap((kind) => [percent(errors[kind]!.error), percent(errors[kind]!.bias)]),
    ]);
    const ratios = some.flatMap((kind) => [percent(ratio[kind]!.error), `${ratio[kind]!.pairs} pairs`]);
    const head = ['one layer, kernels only', ...some.flatMap((kind) => [`${kind} %`, 'bias'])];
    return grid(head, [...rows, ['speed ratio of two GPUs', ...ratios]]);
  };
  const apart = [kinds.slice(0, 2), kinds.slice(2)].map(table).join('\n\n');
  const words = `speed ratio of two GPU types: ${percent(ratio.all!.error)} % over ${ratio.all!.pairs} pairs at the same layer and batch; layer times ${percent(layers)} %`;
  return `${fitting(columns, table(kinds), apart)}\n\n${wrap(words, columns)}\n`;
}
