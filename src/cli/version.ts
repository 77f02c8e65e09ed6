import { readFileSync } from 'node:fs';
import { dataFolder } from '../catalogue/document.ts';

/** The version of package.json. */
export function toolVersion(): string {
  return (JSON.parse(readFileSync(dataFolder('package.json'), 'utf8')) as { version: string }).version;
}
