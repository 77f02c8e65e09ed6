import { CHUNKED } from './chunked.ts';
import { cut } from './cut.ts';
import { fusedLinear } from './fused-linear.ts';
import type { Loss } from './loss.ts';
import { asStack, WHOLE } from './whole.ts';

/** Every way to work out a loss, the stack's own first. */
export const LOSSES: readonly Loss[] = [asStack, ...WHOLE, ...CHUNKED, fusedLinear, cut];

const BY_ID = new Map(LOSSES.map((loss) => [loss.id, loss]));

/** Throws on an id that no module has: configurations and files are checked before. */
export function lossOf(id: string): Loss {
  const found = BY_ID.get(id);
  if (found === undefined) throw new RangeError(`no loss "${id}"`);
  return found;
}
