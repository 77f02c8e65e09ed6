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

/** The most that one micro-batch passes on, whole on every tensor-parallel rank. */
export function wholeOutput({ problem, local }: Pick<StageContext, 'problem' | 'local'>): number {
  return (
    bytesBetween({ problem, local })?.most ?? local.elementBytes * local.tokens * problem.model.hiddenSize
  );
}
