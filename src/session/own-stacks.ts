import type { Problem } from '../domain/problem.ts';
import type { OwnStack, RankedPlan } from '../domain/search-result.ts';
import type { Stack } from '../domain/stack.ts';
import { estimate } from '../evaluate/estimate.ts';
import { launcherOf } from '../frameworks/index.ts';

/**
 * The best plan on the software stack of each framework that runs it, where the search took no particular one: a time of the
 * generic stack is no framework's.
 */
export function ownStacks(
  problem: Problem,
  best: RankedPlan | undefined,
  launchers: readonly string[],
  stackOf: (id: string) => Stack,
): readonly OwnStack[] {
  if (best === undefined || problem.stack.id !== 'generic' || problem.calibration !== undefined) return [];
  const ids = [...new Set(launchers.map((id) => launcherOf(id)!.stack))];
  return ids.map((id) => {
    const own = estimate({ ...problem, stack: stackOf(id) }, best.plan);
    return {
      stack: id,
      launchers: launchers.filter((one) => launcherOf(one)!.stack === id),
      stepSeconds: own.stepSeconds,
      fits: own.verdict !== 'does-not-fit',
    };
  });
}
