import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Io } from './io.ts';

interface Entry<T> {
  readonly sha256: string;
  readonly value: T;
}

/** What searches that ended by themselves found, by everything that can change it: one entry in the user's cache directory. A file that does not match its own digest is ignored with a warning and rewritten. */
export function cacheAt<T>(io: Io, key: unknown): { read(): T | undefined; write(value: T): void } {
  const folder = cacheFolder(io);
  if (folder === null) return { read: () => undefined, write: () => {} };
  const path = join(folder, `${digest(JSON.stringify(key))}.json`);
  return {
    read() {
      let text: string;
      try {
        // A pipe in its place would be waited for.
        if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
        text = readFileSync(path, 'utf8');
      } catch {
        return undefined;
      }
      try {
        const entry = JSON.parse(text) as Entry<T>;
        if (entry.sha256 === digest(JSON.stringify(entry.value))) return entry.value;
      } catch {
        // Not even JSON: as corrupt as a wrong digest.
      }
      io.stderr(`${path} is corrupt: ignored and written anew\n`);
      return undefined;
    },
    write(value) {
      const entry: Entry<T> = { sha256: digest(JSON.stringify(value)), value };
      try {
        mkdirSync(folder, { recursive: true });
        const fresh = `${path}.${process.pid}`;
        writeFileSync(fresh, JSON.stringify(entry));
        renameSync(fresh, path);
      } catch {
        // A cache that cannot be written only costs time.
      }
    },
  };
}

/** Where the XDG base directory specification has it, which ignores paths that are relative; null: nowhere. */
function cacheFolder({ env }: Io): string | null {
  const base = [env.XDG_CACHE_HOME ?? '', join(env.HOME ?? homedir(), '.cache')].find(isAbsolute);
  return base === undefined ? null : join(base, 'shardwright');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
