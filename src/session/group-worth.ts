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
  /** Of the best plan without it; null: nothing fits without. */
  readonly tokensPerSecond: number | null;
}

/** Of more groups than this a search without each takes longer than the one with all. */
const MOST_GROUPS = 3;

/** The groups of a cluster of several, each left out in turn; empty where it has one, has many, or was not searched to its end. */
export async function groupWorths(
  problem: Problem,
  best: RankedPlan | undefined,
  options: SearchOptions,
  pause: () => Promise<void> | null,
): Promise<GroupWorth[]> {
  const { groups } = problem.cluster;
  if (best === undefined || groups.length < 2 || groups.length > MOST_GROUPS) return [];
  const used = groupsOf(best.plan);
  const worths: GroupWorth[] = [];
  for (const group of groups.map((_, i) => i)) {
    if (!used.includes(group)) {
      worths.push({ group, used: false, tokensPerSecond: best.estimate.tokensPerSecond });
      continue;
    }
    const without = { ...options, ...ALONE, avoid: [group] };
    const { result } = await searched({ problem, pause }, without);
    if (result.certificate.cutBy !== null) return [];
    worths.push({ group, used: true, tokensPerSecond: result.plans[0]?.estimate.tokensPerSecond ?? null });
  }
  return worths;
}
