import { FACTOR_WORDS } from '../evaluate/calibration-told.ts';
import type { CalibrationDocument } from '../schema/calibration.ts';
import { digits, formatBytes, formatInteger, formatPercent, formatSeconds } from '../units/format.ts';
import { wrap } from '../units/wrap.ts';
import { fitting, grid, type Style } from './paint.ts';

/** Each run before and after, what was fitted, what was not and why, and how sure it makes estimates. */
export function calibrationTable(document: CalibrationDocument, { columns }: Pick<Style, 'columns'>): string {
  const { stack, gpus, gpuCounts, runs, steps, error, band, unused = [] } = document;
  const sizes =
    gpuCounts.least === gpuCounts.most ? `${gpuCounts.most}` : `${gpuCounts.least} to ${gpuCounts.most}`;
  const head = `${runs === 1 ? 'One run' : `${runs} runs that differ`}${steps === null ? '' : `, ${formatInteger(steps)} steps`}: ${sizes} GPUs of ${gpus.join(', ')}, ${stack}`;
  const blocks = [
    wrap(head, columns),
    ...runsGrid(document, columns),
    ...memoryGrid(document, columns),
    factorsGrid(document, columns),
    ...(error === undefined ? [] : [wrap(errorWords(error), columns)]),
    ...(runs === 0 ? [] : [wrap(bandWords(runs, band), columns)]),
    ...(unused.length === 0 ? [] : [unused.map((line) => wrap(`Left out: ${line}.`, columns)).join('\n')]),
  ];
  return `${blocks.join('\n\n')}\n`;
}

const off = (seconds: number, measured: number) => signed(seconds / measured - 1);

function signed(share: number): string {
  return `${share < 0 ? '-' : '+'}${formatPercent(Math.abs(share))}`;
}

/** The end of a long name tells more than its beginning. */
function shortened(name: string, most: number): string {
  return name.length <= most ? name : `…${name.slice(1 - most)}`;
}

function runsGrid({ measured = [] }: CalibrationDocument, columns: number): string[] {
  if (measured.length === 0) return [];
  const table = (name: number) =>
    grid(
      ['run', 'steps', 'measured', 'estimated', 'calibrated', 'left out'],
      measured.map((run) => [
        shortened(run.name, name),
        run.steps === null ? '' : formatInteger(run.steps),
        formatSeconds(run.stepSeconds),
        off(run.estimatedSeconds, run.stepSeconds),
        off(run.calibratedSeconds, run.stepSeconds),
        run.leftOutSeconds === null ? '' : off(run.leftOutSeconds, run.stepSeconds),
      ]),
      [1, 2, 3, 4, 5],
    );
  return [fitting(columns, table(100), table(40), table(24))];
}

function memoryGrid({ memory = [] }: CalibrationDocument, columns: number): string[] {
  if (memory.length === 0) return [];
  const table = (name: number) =>
    grid(
      ['run', 'memory', 'measured', 'estimated'],
      memory.map((run) => [
        shortened(run.name, name),
        run.kind,
        formatBytes(run.measuredBytes),
        signed(run.estimatedBytes / run.measuredBytes - 1),
      ]),
      [2, 3],
    );
  return [fitting(columns, table(100), table(40), table(24))];
}

function factorsGrid({ factors, refused = {} }: CalibrationDocument, columns: number): string {
  const widest = Math.max(...FACTOR_WORDS.map(([, what]) => what.length)) + 2;
  return grid(
    ['factor', ''],
    FACTOR_WORDS.map(([key, what]) => [
      what,
      factors[key] === undefined
        ? wrap(`not fitted: ${refused[key] ?? 'the runs cannot tell'}`, columns - widest - 2)
        : `×${digits(factors[key])}`,
    ]),
  );
}

function errorWords({ before, after, leftOut }: NonNullable<CalibrationDocument['error']>): string {
  const percent = (share: number | null) => (share === null ? '?' : formatPercent(share));
  return leftOut === null
    ? `Step time off by ${percent(before)} before, ${percent(after)} with it: one run can be gone through and proves nothing.`
    : `Step time off by ${percent(before)} before, ${percent(after)} with it, ${percent(leftOut)} on each run with the factors that the others say.`;
}

function bandWords(runs: number, band: number | null): string {
  return band === null
    ? `How sure: as without it; ${runs} run${runs === 1 ? '' : 's'} cannot say how far the next is off (four can).`
    : `How sure: four of five left-out runs within ±${formatPercent(band)}; plans like them are printed no surer than that.`;
}
