import { type Command, Option } from 'commander';
import { type MeasuredRun, runOfLog } from '../calibration/measured-run.ts';
import { InputError } from '../domain/input-error.ts';
import { launcherOf } from '../frameworks/index.ts';
import { readLog } from '../logs/read-log.ts';
import { parseConfiguration } from '../plan-text/configuration.ts';
import { planOf } from '../plan-text/plan-of.ts';
import { cannotRun } from './asked-row.ts';
import type { Io } from './io.ts';
import { given } from './problem.ts';
import { settings } from './settings.ts';
import { textOf } from './text-file.ts';

const more = (word: string, before: readonly string[] | undefined) => [...(before ?? []), word];

/** Flags that say one thing of all logs, or one of each. */
const OF_EACH = ['model', 'cluster', 'config', 'seqLength', 'globalBatch', 'precision'] as const;

/** The options of what ran, which may stand once, or once for each log in order; those of the workload that it already has become such. */
export function repeated(command: Command): Option[] {
  for (const option of command.options)
    if ((OF_EACH as readonly string[]).includes(option.attributeName())) option.argParser(more);
  return [
    new Option(
      '--model <MODEL>',
      'preset, config.json or YAML file; this and the next: once, or for each log in order',
    ),
    new Option('--cluster <CLUSTER>', 'bundled name or YAML file that it ran on'),
    new Option('--config <CONFIG>', 'how it was split: tp=8,pp=4,dp=2,micro-batch=1,recompute=selective'),
  ].map((option) => option.argParser(more));
}

export function isRunsFile(path: string): boolean {
  return path.endsWith('.jsonl');
}

/** What may stand beside files of runs, which say all else themselves. */
const BESIDE_ROWS = ['out', 'force', 'json', 'name'];

export function refuseBesideRows(paths: readonly string[], flags: Readonly<Record<string, unknown>>): void {
  const odd = Object.keys(flags).find((key) => !BESIDE_ROWS.includes(key));
  if (odd === undefined) return;
  throw new InputError({
    message: `--${odd.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} beside ${paths.join(', ')}`,
    expected: 'no more than --out, --force, --name and --json: rows say the rest',
  });
}

/** One log as a run of what the flags say. Throws InputError. */
export function runOf(
  path: string,
  place: { readonly at: number; readonly of: number },
  warmUp: number,
  flags: Readonly<Record<string, unknown>>,
  io: Io,
): MeasuredRun {
  const said = (key: (typeof OF_EACH)[number]) => saidOf(flags, key, place);
  const log = readLog(path, textOf(path), flags.for === undefined ? undefined : String(flags.for), warmUp);
  const stated = said('globalBatch');
  if (stated !== undefined && log.globalBatch !== undefined && Number(stated) !== log.globalBatch)
    throw new InputError({
      message: `--global-batch is ${stated}, and ${path} says ${log.globalBatch}`,
      expected: 'the batch of the log, or nothing: it is read there',
    });
  const batch = stated ?? (log.globalBatch === undefined ? undefined : String(log.globalBatch));
  const { calibration: _, ...known } = settings(
    { ...flags, seqLength: said('seqLength'), precision: said('precision'), globalBatch: batch },
    io,
  );
  const stack =
    known.stack ?? (known.launcher === undefined ? launcherOf(log.format.launcher)?.stack : undefined);
  const { problem } = given(
    needed('--model', said('model'), path),
    needed('--cluster', said('cluster'), path),
    {
      ...known,
      ...(stack === undefined ? {} : { stack }),
    },
  );
  const configuration = needed('--config', said('config'), path);
  const configured = planOf(problem, parseConfiguration(configuration));
  if (!('plan' in configured)) throw cannotRun(`--config ${configuration} of ${path}`, configured);
  return runOfLog(log, problem, configured.plan);
}

function saidOf(
  flags: Readonly<Record<string, unknown>>,
  key: (typeof OF_EACH)[number],
  { at, of }: { readonly at: number; readonly of: number },
): string | undefined {
  const all = flags[key] as readonly string[] | undefined;
  if (all === undefined) return undefined;
  if (all.length === 1) return all[0];
  if (all.length === of) return all[at];
  throw new InputError({
    message: `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} stands ${all.length} times for ${of} log${of === 1 ? '' : 's'}`,
    expected: 'once for all, or once for each log in order',
  });
}

function needed(flag: string, value: string | undefined, path: string): string {
  if (value !== undefined) return value;
  throw new InputError({
    message: `${flag} is missing for ${path}`,
    expected: `${flag}, once for all logs or once for each in order`,
  });
}
