import { accessSync, constants, mkdirSync, mkdtempSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { InputError } from '../domain/input-error.ts';

/**
 * The rule of every output, file or folder: what is missing of the folders above it is made, as mkdir -p makes them, and the first that is
 * there is a folder that may be written to. Tried by making something in it, since permissions alone do not tell (/proc lets root). Throws
 * InputError: worth knowing before work is done for it.
 */
export function mayGoInto(into: string, output: string): void {
  const folder = nearestThere(resolve(into));
  if (!statSync(folder).isDirectory())
    throw new InputError({
      message: `${output} cannot be written: no folder, but a file: ${folder}`,
      expected: 'a folder, there or to be made',
    });
  try {
    rmdirSync(mkdtempSync(join(folder, '.shardwright-')));
  } catch {
    throw new InputError({
      message: `${output} cannot be written: nothing can be made in ${folder}`,
      expected: 'a folder that may be written to',
    });
  }
}

/** The folder itself where something is there, else the nearest above it. */
function nearestThere(folder: string): string {
  const there = statSync(folder, { throwIfNoEntry: false }) !== undefined;
  return there || dirname(folder) === folder ? folder : nearestThere(dirname(folder));
}

/** Writes a file, the folders above it made where they are missing. Throws InputError. */
export function writeInto(path: string, text: string, output: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch {
    throw new InputError({
      message: `${output} cannot be written`,
      expected: `a file in a folder that may be written to, unlike ${dirname(path)}`,
    });
  }
}

/** The same of one file: over one that is there, or into the folder where it is to be. */
export function mayReplace(path: string, output: string, there: boolean): void {
  if (!there) {
    mayGoInto(dirname(path), output);
    return;
  }
  try {
    accessSync(path, constants.W_OK);
  } catch {
    throw new InputError({
      message: `${output} cannot be written`,
      expected: 'a file that may be written to',
    });
  }
}
