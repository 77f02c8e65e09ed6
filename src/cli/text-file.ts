import { lstatSync, readFileSync, statSync } from 'node:fs';
import { InputError } from '../domain/input-error.ts';
import { mayReplace, writeInto } from './may-go-into.ts';

const MAX_BYTES = 64 * 2 ** 20;
/** Of one command: what more say is not held at once. */
const MOST_FILES = 4096;
const MOST_BYTES = 512 * 2 ** 20;

/** Before any of them is read. Throws InputError where they are too many, or too much together. */
export function refuseTooMuch(files: readonly string[]): void {
  const bytes = files.reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
  if (files.length > MOST_FILES)
    throw new InputError({ message: `${files.length} files`, expected: `at most ${MOST_FILES}` });
  if (bytes > MOST_BYTES)
    throw new InputError({
      message: `${files.length} files have ${(bytes / 2 ** 20).toFixed(0)} MiB`,
      expected: `at most ${MOST_BYTES / 2 ** 20} MiB together`,
      hint: 'Maybe fewer at once.',
    });
}

/** What tools printed, whatever bytes are in it. Throws InputError where it is no file, or too large. */
export function textOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) throw new InputError({ message: `no file ${file}`, expected: 'a text file' });
  if (!stat.isFile()) throw new InputError({ message: `${file} is no file`, expected: 'a text file' });
  if (stat.size > MAX_BYTES) {
    throw new InputError({
      message: `${file} has ${(stat.size / 2 ** 20).toFixed(0)} MiB`,
      expected: `at most ${MAX_BYTES / 2 ** 20} MiB`,
      hint: 'Maybe the log of a whole job: keep the lines that count.',
    });
  }
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new InputError({ message: `${file} cannot be read`, expected: 'a text file' });
  }
}

/** Throws InputError where a file cannot go there: worth knowing before work is done for it. */
export function mayWriteText(path: string, force: boolean): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory() === true)
    throw new InputError({ message: `${path} is a folder`, expected: 'a file to write' });
  if (there !== undefined && !force)
    throw new InputError({ message: `${path} exists`, expected: 'a new file', hint: 'Maybe --force.' });
  mayReplace(path, path, there !== undefined);
}

export function writeText(path: string, text: string, force: boolean): void {
  mayWriteText(path, force);
  writeInto(path, text, path);
}
