import { grid } from '../../src/reporters/paint.ts';
import type { LayerSummary } from './layer-score.ts';
import type { Scored } from './score.ts';
import type { Summary } from './summary.ts';

const percent = (value: number | null) => (value === null ? '' : `${(100 * value).toFixed(1)}`);

export function report(rows: readonly Scored[], summary: Summary, worst: number): string {
  const groups = Object.entries(summary.groups).map(([group, { time, memory }]) => [
    group,
    `${time.rows}`,
    percent(time.mape),
    percent(time.bias),
    percent(time.p90),
    `${memory.rows}`,
    percent(memory.mape),
    percent(memory.worstUnder),
  ]);
  const blocks = [
    grid(
      ['group', 'rows', 'time %', 'bias', 'p90', 'rows', 'memory %', 'worst under'],
      [...groups, ['macro', '', percent(summary.macro.time), '', '', '', '', '']],
    ),
    grid(
      ['slice', 'rows', 'time %', 'bias', 'p90'],
      Object.entries(summary.slices).map(([name, s]) => [
        name,
        `${s.rows}`,
        percent(s.mape),
        percent(s.bias),
        percent(s.p90),
      ]),
    ),
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
    grid(
      ['memory', 'rows', '%', 'worst under', 'worst over'],
      Object.entries(summary.memoryByKind).map(([kind, s]) => [
        kind,
        `${s.rows}`,
        percent(s.mape),
        percent(s.worstUnder),
        percent(s.worstOver),
      ]),
    ),
    `ranking over ${summary.ranking.sweeps} sweeps: Spearman ${summary.ranking.spearman?.toFixed(2) ?? '-'}, top-1 regret ${percent(summary.ranking.topOneRegret)} % (worst ${percent(summary.ranking.worstTopOneRegret)} %), best of three ${percent(summary.ranking.bestOfThreeRegret)} %`,
    `false fits: ${summary.falseFits.join(', ') || 'none'}; false rejections: ${summary.falseRejections.join(', ') || 'none'}`,
    `${summary.rows} rows: ${summary.scored} scored, ${summary.unscored} unscored, ${summary.inexpressible} inexpressible`,
  ];
  const reasons = new Map<string, number>();
  for (const row of rows)
    if (row.status === 'inexpressible') reasons.set(row.reason!, (reasons.get(row.reason!) ?? 0) + 1);
  if (reasons.size > 0)
    blocks.push(
      [...reasons]
        .sort((a, b) => b[1] - a[1])
        .map(([reason, n]) => `  ${n} × ${reason}`)
        .join('\n'),
    );
  const timed = rows
    .filter((row) => row.stepError !== undefined)
    .sort((a, b) => Math.abs(Math.log(1 + b.stepError!)) - Math.abs(Math.log(1 + a.stepError!)));
  if (worst > 0 && timed.length > 0) {
    blocks.push(
      grid(
        ['worst rows', 'error %', 'measured s', 'assumed'],
        timed
          .slice(0, worst)
          .map((row) => [
            row.id,
            percent(row.stepError!),
            row.measuredStepSeconds!.toPrecision(3),
            row.assumptions.join('; ').slice(0, 60),
          ]),
      ),
    );
  }
  return `${blocks.join('\n\n')}\n`;
}

/** Errors of single layers' kernels by GPU, and of the speed ratio of two GPU types. */
export function layerReport({ byGpu, ratio, layers }: LayerSummary): string {
  const kinds = ['fp16 small', 'fp16 large', 'fp32 small', 'fp32 large'];
  const rows = Object.entries(byGpu).map(([gpu, errors]) => [
    gpu,
    ...kinds.flatMap((kind) => [percent(errors[kind]!.error), percent(errors[kind]!.bias)]),
  ]);
  const ratios = kinds.flatMap((kind) => [percent(ratio[kind]!.error), `${ratio[kind]!.pairs} pairs`]);
  return `${grid(
    ['one layer, kernels only', ...kinds.flatMap((kind) => [`${kind} %`, 'bias'])],
    [...rows, ['speed ratio of two GPU types', ...ratios]],
  )}\n\nspeed ratio of two GPU types: ${percent(ratio.all!.error)} % over ${ratio.all!.pairs} pairs at the same layer and batch; layer times ${percent(layers)} %\n`;
}
