import { existsSync, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { InputError } from '../domain/input-error.ts';

interface FileToWrite {
  readonly path: string;
  readonly content: string;
  readonly executable?: boolean;
}

/** Writes all files or none: into a fresh folder beside `target`, which then takes its place. */
export function writeFolder(target: string, files: readonly FileToWrite[], force: boolean): void {
  const folder = resolve(target);
  if (existsSync(folder) || isLink(folder)) {
    if (isLink(folder))
      throw new InputError({ message: `${target} is a link`, expected: 'a folder to create' });
    if (!lstatSync(folder).isDirectory())
      throw new InputError({ message: `${target} is a file`, expected: 'a folder to create' });
    if (!force)
      throw new InputError({
        message: `${target} exists`,
        expected: 'a folder to create',
        hint: 'Maybe --force, which replaces it.',
      });
  }
  const parent = dirname(folder);
  mkdirSync(parent, { recursive: true });
  const fresh = mkdtempSync(join(parent, '.shardwright-'));
  try {
    for (const file of files) {
      const path = join(fresh, file.path);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, file.content, { mode: file.executable === true ? 0o755 : 0o644 });
    }
    if (existsSync(folder)) rmSync(folder, { recursive: true });
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    throw error;
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}
