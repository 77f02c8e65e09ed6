import { adamw } from './adamw.ts';
import { lion } from './lion.ts';
import type { Optimizer } from './optimizer.ts';

/** Every optimizer whose states and steps can be estimated, the usual one first. */
export const OPTIMIZERS: readonly Optimizer[] = [adamw, lion];

/** Throws on an id that no module has: flags and files are checked before. */
export function optimizerOf(id: string): Optimizer {
  const found = OPTIMIZERS.find((optimizer) => optimizer.id === id);
  if (found === undefined) throw new RangeError(`no optimizer "${id}"`);
  return found;
}
