import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadCluster } from '../catalogue/clusters.ts';
import { readText } from '../catalogue/document.ts';
import { deviceCount } from '../domain/cluster.ts';
import { InputError } from '../domain/input-error.ts';
import { launcherOf, READERS } from '../frameworks/index.ts';
import type { Asked } from '../frameworks/port/reader.ts';
import type { OpenedFile } from '../session/launch-file.ts';
import { nearest } from '../units/nearest.ts';
import { chosenGpus } from './cluster-choice.ts';
import type { Io } from './io.ts';
import { type Beside, launchSource, setFrom } from './launch-source.ts';
import type { Settings } from './settings.ts';

/** Whose files can be read, as help lists them. */
export const READABLE = READERS.map(({ id }) => id);

/** What a launch file may be given beside its name: values from outside, and the arguments of a script. */
export function launchFileOptions(command: Command): Command {
  return command
    .argument('[words...]', 'after --: arguments of the script that is read')
    .option(
      '--set <NAME=VALUE>',
      'a variable that the launch file asks for, whatever it says itself; again for more',
      (word: string, before: readonly string[]) => [...before, word],
      [],
    )
    .option('--env', 'read the variables of this shell where the launch file has none of that name');
}

/** Of flags and of the words after `--`. Throws InputError. */
export function outsideFrom(
  flags: Readonly<Record<string, unknown>>,
  words: readonly string[],
  io: Io,
): Beside['outside'] {
  return {
    set: setFrom((flags.set ?? []) as readonly string[]),
    args: words,
    environment: (name) => (flags.env === true ? io.env[name] : undefined),
  };
}

/** Values from outside are for a launch file alone. */
export function refuseOutside({ set, args }: Beside['outside']): void {
  const [name] = set.keys();
  if (name === undefined && args.length === 0) return;
  throw new InputError({
    message: name === undefined ? `too many arguments: ${args.join(' ')}` : `--set ${name} without --from`,
    expected: 'a launch file, --from FILE, whose script is given them',
  });
}

/** `--for` names whose file `--from` is. Throws InputError where there is none. */
export function refuseForAlone({ from, for: launcher }: Readonly<Record<string, unknown>>): void {
  if (from !== undefined || launcher === undefined) return;
  throw new InputError({
    message: `--for ${String(launcher)} without --from`,
    expected: 'the launch file, --from FILE',
    hint: `Maybe --launcher ${String(launcher)}: plans that it runs.`,
  });
}

/** `FILE:PART` is that part of a file: a recipe by name, a job by number. */
function parted(given: string): { readonly name: string; readonly part: string | undefined } {
  const [, name, part] = existsSync(given) ? [] : (/^(.+):([A-Za-z_]\w*|\d+)$/.exec(given) ?? []);
  return name !== undefined && existsSync(name) ? { name, part } : { name: given, part: undefined };
}

/** Opens FILE or FOLDER of `--from … --for LAUNCHER`. Throws InputError. */
export async function opened(
  wanted: string,
  id: string | undefined,
  outside: Beside['outside'],
): Promise<OpenedFile> {
  const { name: given, part } = parted(wanted);
  const program = READERS.find((one) => one.id === id);
  if (program === undefined) {
    const near = id === undefined ? written(given) : nearest(id, READABLE);
    throw new InputError({
      message: id === undefined ? '--for is missing' : `--for is "${id}"`,
      expected: `one of ${READABLE.join(', ')}`,
      ...(near === undefined ? {} : { hint: id === undefined ? `Maybe --for ${near}.` : `Maybe "${near}".` }),
    });
  }
  const { name, reader } = program;
  const folder = isFolder(given);
  const path = folder ? join(given, reader.file) : given;
  const other = folder && !existsSync(path) ? written(given) : undefined;
  if (other !== undefined)
    throw new InputError({
      message: `${given} has no ${reader.file}`,
      expected: `a folder that emit wrote for ${name}`,
      hint: `Maybe --for ${other}.`,
    });
  const text = readText(path, `a launch file of ${name}`);
  const map = join(given, 'rank-map.csv');
  const rankMap = folder && existsSync(map) ? { file: map, text: readText(map, 'a rank map') } : null;
  const source = await launchSource(path, text, { part, outside });
  const file = reader.read(source);
  source.refuseUnread();
  const runtime = file.runtime === undefined ? program.id : file.runtime;
  const launcher = runtime === null ? null : (launcherOf(runtime) ?? null);
  return { path, name, launcher, reader, file, rankMap };
}

const isFolder = (path: string) => existsSync(path) && statSync(path).isDirectory();

/** Whose launch folder it is: as its README says, else by the file that only one launcher reads. */
function written(path: string): string | undefined {
  if (!isFolder(path)) return undefined;
  const readme = join(path, 'README.md');
  const told = existsSync(readme)
    ? /`shardwright validate \. --for ([a-z-]+)`/.exec(readText(readme, 'a README'))?.[1]
    : undefined;
  if (told !== undefined && READABLE.includes(told)) return told;
  const found = READERS.filter(({ reader }) => existsSync(join(path, reader.file)));
  return found.length === 1 ? found[0]!.id : undefined;
}

/** Of a program that no launcher here stands for: none. */
export function launcherSetting({ launcher }: OpenedFile): Settings {
  return launcher === null ? {} : { launcher: launcher.id };
}

/** The workload that a launch file states, as flags would. */
export function workloadOf(asked: Asked): Settings {
  const { sequenceLength, globalBatchSize, precision, optimizer, packing, models, training, stack, routing } =
    asked;
  return {
    ...(sequenceLength === null ? {} : { 'seq-length': String(sequenceLength) }),
    ...(globalBatchSize === null ? {} : { 'global-batch': String(globalBatchSize) }),
    ...(precision === null ? {} : { precision }),
    ...(packing === undefined ? {} : { packing }),
    ...(models === undefined ? {} : { models }),
    ...(stack === undefined ? {} : { stack }),
    ...(routing === undefined ? {} : { routing }),
    ...(optimizer === undefined ? {} : { optimizer }),
    ...training,
  };
}

/** A file's workload under flags: where those say what is trained, the file's adapters are not meant. */
export function under(flags: Settings, stated: Settings): Settings {
  const { 'lora-rank': _, 'lora-modules': __, 'lora-dropout': ___, ...others } = stated;
  return { ...(flags.train === undefined ? stated : others), ...flags };
}

/** GPUs of a cluster by its name or file, with only the types that are chosen. */
export function gpusOf(cluster: string, s: Settings): number {
  return deviceCount(chosenGpus(loadCluster(cluster).value, s['gpu-types']));
}
