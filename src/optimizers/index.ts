import { adafactor } from './adafactor.ts';
import { adamw } from './adamw.ts';
import { adamw8bit } from './adamw-8bit.ts';
import { lion } from './lion.ts';
import { muon } from './muon.ts';
import type { Optimizer } from './optimizer.ts';
import { sgd } from './sgd.ts';
import { soap } from './soap.ts';

/** Every optimizer whose states and steps can be estimated, the usual one first. */
export const OPTIMIZERS: readonly Optimizer[] = [adamw, adamw8bit, adafactor, lion, sgd, muon, soap];

/** Throws on an id that no module has: flags and files are checked before. */
export function optimizerOf(id: string): Optimizer {
  const found = OPTIMIZERS.find((optimizer) => optimizer.id === id);
  if (found === undefined) throw new RangeError(`no optimizer "${id}"`);
  return found;
}
