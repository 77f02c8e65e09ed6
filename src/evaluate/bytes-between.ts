import { type PassedOn, passedOn } from '../layers/passed-on.ts';
import type { StageContext } from '../techniques/technique.ts';

/** What layers of one micro-batch pass on, bytes of one GPU; null: the residual stream, the same after each. */
export function bytesBetween({
  problem: { model },
  local: { tokens },
}: Pick<StageContext, 'problem' | 'local'>): PassedOn | null {
  const passed = passedOn(model);
  return passed === null
    ? null
    : {
        bytes: passed.bytes.map((bytes) => tokens * bytes),
        least: tokens * passed.least,
        most: tokens * passed.most,
      };
}
