import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds configs/ and hardware-profiles/: two up from src/catalogue or dist/bundle. */
export function dataFolder(...parts: string[]): string {
  return join(dirname(fileURLToPath(import.meta.url)), '..', '..', ...parts);
}
