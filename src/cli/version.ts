import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolder } from '../catalogue/data-folder.ts';

/** The version of package.json. */
export function toolVersion(): string {
  return (JSON.parse(readFileSync(dataFolder('package.json'), 'utf8')) as { version: string }).version;
}

/** A digest of the built program and its data, so that a cache never outlives them; null when run from its sources. */
export function buildDigest(): string | null {
  if (!import.meta.url.endsWith('.js')) return null;
  const hash = createHash('sha256');
  for (const folder of ['dist', 'configs/stacks', 'hardware-profiles']) {
    const root = dataFolder(folder);
    for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort())
      if (/\.(js|yaml)$/.test(name) && !name.startsWith('page'))
        hash.update(name).update(readFileSync(join(root, name)));
  }
  return hash.digest('hex');
}
