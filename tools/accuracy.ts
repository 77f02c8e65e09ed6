/**
 * `npm run accuracy -- [--runs FILE]… [--group G] [--stack generic] [--calibrate N] [--worst N] [--json] [--write-baseline]
 * [--layers FILE]…` scores the evaluator on published measured runs, and on published kernel times of single layers;
 * `npm run accuracy -- --case FILE… [--json]` prints what is predicted of a published case beside its figures.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadStack } from '../src/catalogue/stacks.ts';
import { InputError } from '../src/domain/input-error.ts';
import type { Problem } from '../src/domain/problem.ts';
import { baselineOf } from './accuracy/baseline.ts';
import { calibrate } from './accuracy/calibrate.ts';
import { readCase } from './accuracy/cases/index.ts';
import { caseReport } from './accuracy/cases/report.ts';
import type { LeftOut } from './accuracy/coverage.ts';
import { readLayerTimes } from './accuracy/layer-rows.ts';
import { scoreLayers, summariseLayers } from './accuracy/layer-score.ts';
import { layerReport, report } from './accuracy/report.ts';
import { readRows } from './accuracy/rows.ts';
import { score } from './accuracy/score.ts';
import { summarise } from './accuracy/summary.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', multiple: true },
    layers: { type: 'string', multiple: true },
    case: { type: 'string', multiple: true },
    group: { type: 'string' },
    stack: { type: 'string' },
    calibrate: { type: 'string' },
    worst: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
    'write-baseline': { type: 'boolean', default: false },
  },
});

function scoreRuns(): void {
  const LAYER_TIMES = 'test/accuracy/layer-times.jsonl';
  const files = values.runs ?? ['test/accuracy/runs.jsonl'];
  const { rows, problems } = readRows(files.map((path) => ({ path, text: readFileSync(path, 'utf8') })));
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  const chosen = values.group === undefined ? rows : rows.filter((row) => row.group === values.group);
  const generic = values.stack === undefined ? null : loadStack(values.stack);
  /** Another stack than the row's: its kernels' facts stay the row's, the calibration is the stack's. */
  const adjust = (problem: Problem): Problem => (generic === null ? problem : { ...problem, stack: generic });
  const scored = chosen.map((row) => score(row, undefined, adjust));
  const final = values.calibrate === undefined ? scored : calibrate(scored, Number(values.calibrate));
  const leftOut = JSON.parse(readFileSync('test/accuracy/left-out.json', 'utf8')) as LeftOut;
  const summary = summarise(final, leftOut);
  const times =
    values.layers ?? (values.runs === undefined && values.group === undefined ? [LAYER_TIMES] : []);
  const layers = summariseLayers(
    scoreLayers(times.flatMap((path) => readLayerTimes(path, readFileSync(path, 'utf8')))),
  );
  if (values['write-baseline']) {
    writeFileSync('test/accuracy/baseline.json', `${JSON.stringify(baselineOf(summary, layers), null, 2)}\n`);
  }
  if (values.json) {
    const out = final.map(({ row: _, memoryParts: __, ...rest }) => rest);
    process.stdout.write(
      `${JSON.stringify({ schema: 'shardwright.accuracy/1', rows: out, summary, layers })}\n`,
    );
  } else {
    process.stdout.write(report(final, summary, Number(values.worst)));
    if (times.length > 0) process.stdout.write(`\n${layerReport(layers)}`);
  }
}

function scoreCases(files: readonly string[]): void {
  const entries = files.flatMap(readCase);
  process.stdout.write(values.json ? `${JSON.stringify({ entries })}\n` : caseReport(entries));
}

try {
  if (values.case === undefined) scoreRuns();
  else scoreCases(values.case);
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
