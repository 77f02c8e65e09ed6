import { groupsOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { ALONE, type SearchOptions } from '../search/space/options.ts';
import { searched } from './searched.ts';

/** What a node group brings: the best without it. */
export interface GroupWorth {
  /** Index of the group. */
  readonly group: number;
  /** Whether the best plan of all uses it. */
  readonly used: boolean;
  /** Of the best by estimate without it; null: nothing fits without. */
  readonly tokensPerSecond: number | null;
  /** And of the best by estimate with it. */
  readonly whole: number;
}

/** Of more groups than this nobody waits for a search without each. */
export const MOST_GROUPS = 6;

/** The groups of a cluster of several, each left out in turn, of the best by estimate (`best`) and the best without; empty where it has one, or was not searched to its end; null where it has too many. `trying`: told before each search. */
export async function groupWorths(
  problem: Problem,
  best: RankedPlan | undefined,
  options: SearchOptions,
  pause: () => Promise<void> | null,
  trying: (group: number) => void = () => {},
): Promise<GroupWorth[] | null> {
  const { groups } = problem.cluster;
  if (best === undefined || groups.length < 2) return [];
  if (groups.length > MOST_GROUPS) return null;
  const used = groupsOf(best.plan);
  const whole = best.estimate.tokensPerSecond;
  const worths: GroupWorth[] = [];
  for (const group of groups.map((_, i) => i)) {
    if (!used.includes(group)) {
      worths.push({ group, used: false, tokensPerSecond: whole, whole });
      continue;
    }
    trying(group);
    const without = { ...options, ...ALONE, avoid: [group] };
    const { result } = await searched({ problem, pause }, without);
    if (result.certificate.cutBy !== null) return [];
    const [other] = result.plans;
    worths.push({ group, used: true, tokensPerSecond: other?.estimate.tokensPerSecond ?? null, whole });
  }
  return worths;
}
