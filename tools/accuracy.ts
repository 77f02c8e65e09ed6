/**
 * `npm run accuracy -- [--runs FILE]… [--group G] [--stack generic] [--calibrate N] [--worst N] [--json] [--write-baseline]
 * [--layers FILE]…`: what `shardwright accuracy` prints, of the runs that the project carries and with what is known of sources left
 * out of the fit; `npm run accuracy -- --case FILE… [--json]` is `shardwright accuracy --case`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readCase } from '../src/accuracy/cases/index.ts';
import type { LeftOut } from '../src/accuracy/coverage.ts';
import { readLayerTimes } from '../src/accuracy/layer-rows.ts';
import { scoreLayers, summariseLayers } from '../src/accuracy/layer-score.ts';
import { scored } from '../src/accuracy/score.ts';
import { summarise } from '../src/accuracy/summary.ts';
import { loadStack } from '../src/catalogue/stacks.ts';
import { InputError } from '../src/domain/input-error.ts';
import { accuracyTable, layersTable } from '../src/reporters/accuracy.ts';
import { accuracyDocument } from '../src/reporters/accuracy-json.ts';
import { casesTable } from '../src/reporters/cases.ts';
import { readRows } from '../src/runs/rows.ts';
import { baselineOf } from './accuracy/baseline.ts';
import { calibrate } from './accuracy/calibrate.ts';

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

const print = (document: unknown) => process.stdout.write(`${JSON.stringify(document)}\n`);

function scoreRuns(): void {
  const LAYER_TIMES = 'test/accuracy/layer-times.jsonl';
  const files = values.runs ?? ['test/accuracy/runs.jsonl'];
  const { rows, problems } = readRows(files.map((path) => ({ path, text: readFileSync(path, 'utf8') })));
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  const chosen = values.group === undefined ? rows : rows.filter((row) => row.group === values.group);
  const all = scored(chosen, values.stack === undefined ? null : loadStack(values.stack));
  const final = values.calibrate === undefined ? all : calibrate(all, Number(values.calibrate));
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
    print(accuracyDocument(final, summary, layers));
    return;
  }
  const page = { columns: 160 };
  process.stdout.write(accuracyTable(final, summary, Number(values.worst), page));
  if (times.length > 0) process.stdout.write(`\n${layersTable(layers, page)}`);
}

function scoreCases(files: readonly string[]): void {
  const entries = files.flatMap(readCase);
  if (values.json) print({ schema: 'shardwright.cases/1', entries });
  else process.stdout.write(casesTable(entries));
}

try {
  if (values.case === undefined) scoreRuns();
  else scoreCases(values.case);
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
