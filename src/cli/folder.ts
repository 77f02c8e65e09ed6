import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { InputError } from '../domain/input-error.ts';
import { mayGoInto } from './may-go-into.ts';

interface FileToWrite {
  readonly path: string;
  readonly content: string;
  readonly executable?: boolean;
}

/**
 * Writes all files or none: first into a fresh folder beside `target`, then moved into place. An existing folder needs
 * `force`, and even then only files of the same names are replaced. Links are never followed.
 */
export function writeFolder(target: string, files: readonly FileToWrite[], force: boolean): void {
  mayWrite(target, force);
  const folder = resolve(target);
  for (const { path } of files) refuseLinks(folder, path, target);
  const parent = dirname(folder);
  mkdirSync(parent, { recursive: true });
  const fresh = mkdtempSync(join(parent, '.shardwright-'));
  chmodSync(fresh, 0o777 & ~process.umask());
  try {
    for (const file of files) {
      const path = join(fresh, file.path);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, file.content, { mode: file.executable === true ? 0o755 : 0o644 });
    }
    if (!existsSync(folder)) {
      renameSync(fresh, folder);
      return;
    }
    for (const { path } of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      renameSync(join(fresh, path), join(folder, path));
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Throws InputError where `target` is no folder that may be written to: worth knowing before work is done for it. */
export function mayWrite(target: string, force: boolean): void {
  if (target === '')
    throw new InputError({ message: 'the folder has no name', expected: 'a folder to create' });
  const there = lstatSync(resolve(target), { throwIfNoEntry: false });
  if (there?.isSymbolicLink() === true)
    throw new InputError({ message: `${target} is a link`, expected: 'a folder' });
  if (there !== undefined && !there.isDirectory())
    throw new InputError({ message: `${target} is a file`, expected: 'a folder' });
  if (there !== undefined && !force) {
    throw new InputError({
      message: `${target} exists`,
      expected: 'a folder to create',
      hint: 'Maybe --force, which replaces the files it writes.',
    });
  }
  mayGoInto(dirname(resolve(target)), target);
}

/** Every step from the folder to the file must be a real folder, and the file no link. */
function refuseLinks(folder: string, path: string, target: string): void {
  let at = folder;
  for (const part of path.split('/')) {
    at = join(at, part);
    if (part === '..' || lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
      throw new InputError({
        message: `${target}/${path} is a link or leaves the folder`,
        expected: 'plain files and folders',
      });
    }
  }
}
