import { readCase } from '../../accuracy/cases/index.ts';
import { readLayerTimes } from '../../accuracy/layer-rows.ts';
import { scoreLayers, summariseLayers } from '../../accuracy/layer-score.ts';
import { scored } from '../../accuracy/score.ts';
import { summarise } from '../../accuracy/summary.ts';
import { readText } from '../../catalogue/document.ts';
import { loadStack } from '../../catalogue/stacks.ts';
import { InputError } from '../../domain/input-error.ts';
import { whole } from '../../plan-text/whole.ts';
import { accuracyTable, layersTable } from '../../reporters/accuracy.ts';
import { accuracyDocument } from '../../reporters/accuracy-json.ts';
import { casesTable } from '../../reporters/cases.ts';
import { readRows } from '../../runs/rows.ts';
import { type Register, styleOf } from '../command.ts';
import { EXIT, type Io, printJson } from '../io.ts';
import { refuseTooMuch } from '../text-file.ts';

const more = (word: string, before: readonly string[]) => [...before, word];

export const accuracy: Register = (program, io, done) => {
  program
    .command('accuracy')
    .description('hold the estimates against measured runs: files of one JSON object a line')
    .argument('[runs...]', 'files of runs: docs/calibration.md has their form')
    .option(
      '--case <FILE>',
      'published figures of one case: what is predicted beside them; again for more',
      more,
      [],
    )
    .option('--layers <FILE>', 'kernel times of single layers; again for more', more, [])
    .option('--group <NAME>', 'only the rows of one source')
    .option('--stack <NAME>', "another software stack than the rows' own")
    .option('--worst <N>', 'rows to print whose error is largest (default 20)')
    .option('--json', 'print one JSON document')
    .action((files: string[], flags: Record<string, unknown>) => {
      const cases = flags.case as readonly string[];
      const layers = flags.layers as readonly string[];
      if (files.length + layers.length === 0 && cases.length === 0)
        throw new InputError({
          message: 'no file of runs',
          expected: 'RUNS.jsonl, --case FILE or --layers FILE',
        });
      if (cases.length > 0) printCases(io, cases, files, flags);
      else printRuns(io, files, layers, flags);
      done(EXIT.ok);
    });
};

function printCases(
  io: Io,
  cases: readonly string[],
  files: readonly string[],
  flags: Readonly<Record<string, unknown>>,
): void {
  const beside = [...files, ...['layers', 'group', 'stack', 'worst'].filter((key) => isGiven(flags[key]))];
  if (beside.length > 0)
    throw new InputError({
      message: `${beside.join(', ')} beside --case`,
      expected: 'cases alone: they are of other figures than runs',
    });
  const entries = cases.flatMap(readCase);
  if (flags.json === true) printJson(io, { schema: 'shardwright.cases/1', entries });
  else io.stdout(casesTable(entries));
}

function isGiven(flag: unknown): boolean {
  return Array.isArray(flag) ? flag.length > 0 : flag !== undefined;
}

function printRuns(
  io: Io,
  files: readonly string[],
  layerFiles: readonly string[],
  flags: Readonly<Record<string, unknown>>,
): void {
  refuseTooMuch([...files, ...layerFiles]);
  const { rows, problems } = readRows(
    files.map((path) => ({ path, text: readText(path, 'a file of runs, one JSON object a line') })),
  );
  for (const problem of problems) io.stderr(`${problem}\n`);
  const chosen = flags.group === undefined ? rows : rows.filter((row) => row.group === flags.group);
  if (chosen.length === 0 && files.length > 0)
    throw new InputError({
      message:
        flags.group === undefined ? `no run in ${files.join(', ')}` : `--group is "${String(flags.group)}"`,
      expected: flags.group === undefined ? 'one JSON object a line' : `one of ${groupsOf(rows).join(', ')}`,
    });
  const stack = flags.stack === undefined ? null : loadStack(String(flags.stack));
  const all = scored(chosen, stack);
  const summary = summarise(all);
  const layers =
    layerFiles.length === 0
      ? null
      : summariseLayers(
          scoreLayers(
            layerFiles.flatMap((path) => readLayerTimes(path, readText(path, 'a file of layer times'))),
          ),
        );
  if (flags.json === true) {
    printJson(io, accuracyDocument(all, summary, layers));
    return;
  }
  const style = styleOf(io);
  const worst = whole('--worst', String(flags.worst ?? 20), 0);
  if (chosen.length > 0) io.stdout(accuracyTable(all, summary, worst, style));
  if (layers !== null) io.stdout(`${chosen.length > 0 ? '\n' : ''}${layersTable(layers, style)}`);
}

function groupsOf(rows: readonly { readonly group: string }[]): string[] {
  return [...new Set(rows.map(({ group }) => group))].sort();
}
