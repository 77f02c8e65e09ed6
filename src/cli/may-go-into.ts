import { accessSync, constants, mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { InputError } from '../domain/input-error.ts';

/**
 * The rule of every output: the folder that it goes into is there and may be written to. Tried by making something in it,
 * since permissions alone do not tell (/proc lets root). Throws InputError: worth knowing before work is done for it.
 */
export function mayGoInto(folder: string, output: string): void {
  const there = statSync(folder, { throwIfNoEntry: false });
  if (there?.isDirectory() !== true)
    throw new InputError({
      message: `${output} cannot be written: ${there === undefined ? 'no folder' : 'no folder, but a file:'} ${folder}`,
      expected: 'a folder that exists',
      ...(there === undefined ? { hint: `Maybe mkdir -p ${folder} first, or another spelling.` } : {}),
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
