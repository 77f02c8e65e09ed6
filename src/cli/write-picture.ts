import { lstatSync } from 'node:fs';
import { InputError } from '../domain/input-error.ts';
import type { Io } from './io.ts';
import { mayReplace, writeInto } from './may-go-into.ts';

/** Throws InputError where a picture cannot go there: worth knowing before work is done for it. */
export function mayWritePicture(path: string, flag: string): void {
  if (path === '') throw new InputError({ message: `${flag} has no name`, expected: 'a file to write' });
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there !== undefined && !there.isFile())
    throw new InputError({
      message: `${flag} ${path} is ${there.isDirectory() ? 'a folder' : 'a link or a device'}`,
      expected: 'a file to write',
    });
  mayReplace(path, `${flag} ${path}`, there !== undefined);
}

/** Writes what can be made again, over one made before, and says so. */
export function writePicture(path: string, text: string, flag: string, io: Io): void {
  mayWritePicture(path, flag);
  writeInto(path, text, `${flag} ${path}`);
  io.stderr(`wrote ${path}\n`);
}
