import { basename } from 'node:path';
import { calibrate as learn } from '../../calibration/calibrate.ts';
import { calibrationDocument } from '../../calibration/document.ts';
import { runsOfRows } from '../../calibration/of-rows.ts';
import { calibrationText } from '../../catalogue/calibrations.ts';
import { LOG_FORMATS } from '../../logs/index.ts';
import { whole } from '../../plan-text/whole.ts';
import { calibrationTable } from '../../reporters/calibration.ts';
import { readRows } from '../../runs/rows.ts';
import { type Register, styleOf, workloadOptions } from '../command.ts';
import { EXIT, printJson } from '../io.ts';
import { isRunsFile, refuseBesideRows, repeated, runOf } from '../logged-run.ts';
import { mayWriteText, refuseTooMuch, textOf, writeText } from '../text-file.ts';
import { toolVersion } from '../version.ts';

const USUAL_WARM_UP = 10;

export const calibrate: Register = (program, io, done) => {
  const command = program
    .command('calibrate')
    .description('learn from your own training logs what estimates are off by: a file for --calibration');
  for (const option of repeated(workloadOptions(command))) command.addOption(option);
  command
    .argument(
      '<logs...>',
      'logs of Megatron-LM, torchtitan, DeepSpeed, nanotron or NeMo, one a configuration; or files of runs, RUNS.jsonl',
    )
    .option(
      '--for <FORMAT>',
      `whose logs they are, where lines do not tell: ${LOG_FORMATS.map(({ id }) => id).join(', ')}`,
    )
    .option('--warm-up <N>', `steps to leave out after each start (default ${USUAL_WARM_UP})`)
    .option('--name <NAME>', 'what estimates call it (default: the name of --out)')
    .option('--out <FILE>', 'write the calibration there, making the folders above')
    .option('--force', 'replace a file that exists')
    .action((paths: string[], flags: Record<string, unknown>) => {
      const out = flags.out === undefined ? null : String(flags.out);
      if (out !== null) mayWriteText(out, flags.force === true);
      refuseTooMuch(paths);
      const warmUp = whole('--warm-up', String(flags.warmUp ?? USUAL_WARM_UP), 0);
      const logs = paths.filter((path) => !isRunsFile(path));
      if (logs.length === 0) refuseBesideRows(paths, flags);
      const rows = readRows(paths.filter(isRunsFile).map((path) => ({ path, text: textOf(path) })));
      const ofRows = runsOfRows(rows.rows);
      const runs = logs.map((path, at) => runOf(path, { at, of: logs.length }, warmUp, flags, io));
      const name = String(
        flags.name ?? (out === null ? 'calibration' : basename(out).replace(/\.ya?ml$/, '')),
      );
      const found = learn(name, [...runs, ...ofRows.runs]);
      const document = calibrationDocument(found, [...rows.problems, ...ofRows.left], toolVersion());
      if (out !== null) writeText(out, calibrationText(document), flags.force === true);
      if (flags.json === true) printJson(io, document);
      else {
        io.stdout(calibrationTable(document, styleOf(io)));
        io.stdout(
          out === null
            ? '\nNothing is kept: --out FILE writes what --calibration reads.\n'
            : `\nwrote ${out}: plan … --calibration ${out}\n`,
        );
      }
      done(EXIT.ok);
    });
};
