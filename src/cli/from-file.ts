import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readText } from '../catalogue/document.ts';
import { InputError } from '../domain/input-error.ts';
import { LAUNCHERS } from '../frameworks/index.ts';
import type { Asked } from '../frameworks/port/reader.ts';
import type { OpenedFile } from '../session/launch-file.ts';
import { nearest } from '../units/nearest.ts';
import { launchSource } from './launch-source.ts';
import type { Settings } from './settings.ts';

/** Launchers whose files can be read, as help lists them. */
export const READABLE = LAUNCHERS.filter((launcher) => launcher.reader !== undefined).map(({ id }) => id);

/** Opens FILE or FOLDER of `--from … --for LAUNCHER`. Throws InputError. */
export async function opened(given: string, id: string | undefined): Promise<OpenedFile> {
  const launcher = LAUNCHERS.find((one) => one.id === id);
  const reader = launcher?.reader;
  if (launcher === undefined || reader === undefined) {
    const near = id === undefined ? written(given) : nearest(id, READABLE);
    throw new InputError({
      message: id === undefined ? '--for is missing' : `--for is "${id}"`,
      expected: `one of ${READABLE.join(', ')}`,
      ...(near === undefined ? {} : { hint: id === undefined ? `Maybe --for ${near}.` : `Maybe "${near}".` }),
    });
  }
  const folder = isFolder(given);
  const path = folder ? join(given, reader.file) : given;
  const other = folder && !existsSync(path) ? written(given) : undefined;
  if (other !== undefined)
    throw new InputError({
      message: `${given} has no ${reader.file}`,
      expected: `a folder that emit wrote for ${launcher.name}`,
      hint: `Maybe --for ${other}.`,
    });
  const text = readText(path, `a launch file of ${launcher.name}`);
  const map = join(given, 'rank-map.csv');
  const rankMap = folder && existsSync(map) ? { file: map, text: readText(map, 'a rank map') } : null;
  const file = reader.read(await launchSource(path, text));
  return { path, launcher, reader, file, rankMap };
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
  const found = LAUNCHERS.filter(({ reader }) => reader !== undefined && existsSync(join(path, reader.file)));
  return found.length === 1 ? found[0]!.id : undefined;
}

/** The workload that a launch file states, as flags would. */
export function workloadOf(asked: Asked): Settings {
  const { sequenceLength, globalBatchSize, precision, optimizer, packing, models, training } = asked;
  return {
    ...(sequenceLength === null ? {} : { 'seq-length': String(sequenceLength) }),
    ...(globalBatchSize === null ? {} : { 'global-batch': String(globalBatchSize) }),
    ...(precision === null ? {} : { precision }),
    ...(packing === undefined ? {} : { packing }),
    ...(models === undefined ? {} : { models }),
    ...(optimizer === undefined ? {} : { optimizer }),
    ...training,
  };
}

/** A file's workload under flags: where those say what is trained, the file's adapters are not meant. */
export function under(flags: Settings, stated: Settings): Settings {
  const { 'lora-rank': _, 'lora-modules': __, 'lora-dropout': ___, ...others } = stated;
  return { ...(flags.train === undefined ? stated : others), ...flags };
}
