import type { Cluster } from '../domain/cluster.ts';
import type { Plan } from '../domain/plan.ts';
import { hostRuns, type RankOrder } from './ranks.ts';

/** A host that a plan uses. */
export interface UsedHost {
  readonly host: string;
  /** Node groups of its GPUs: several where it has several types. */
  readonly groups: readonly [number, ...number[]];
  /** Up to the last GPU that is used. */
  readonly gpus: number;
  /** GPUs before the first that is used. */
  readonly skipped: number;
}

/** The hosts of a plan, each once, in the order of their first ranks. */
export function usedHosts(cluster: Cluster, plan: Plan, order?: RankOrder): UsedHost[] {
  const found = new Map<string, UsedHost>();
  for (const { host, groups, gpus } of hostRuns(cluster, plan, order)) {
    const known = found.get(host);
    found.set(host, {
      host,
      groups: known === undefined ? groups : union(known.groups, groups),
      gpus: Math.max(known?.gpus ?? 0, ...gpus.map((gpu) => gpu + 1)),
      skipped: Math.min(known?.skipped ?? Number.POSITIVE_INFINITY, ...gpus),
    });
  }
  return [...found.values()];
}

function union([first, ...others]: UsedHost['groups'], more: UsedHost['groups']): UsedHost['groups'] {
  return [first, ...others, ...more.filter((group) => group !== first && !others.includes(group))];
}

/** Whether the cluster file leaves the name of some host open: a scheduler chooses it. */
export function namesLeftOpen({ groups }: Cluster, hosts: readonly UsedHost[]): boolean {
  return hosts.some((host) => host.groups.some((group) => groups[group]!.hostsMadeUp === true));
}

/** Runs of neighbours that `alike` holds for. */
export function runsOf<T>(items: readonly T[], alike: (a: T, b: T) => boolean): T[][] {
  const runs: T[][] = [];
  for (const item of items) {
    const run = runs.at(-1);
    if (run !== undefined && alike(run[0]!, item)) run.push(item);
    else runs.push([item]);
  }
  return runs;
}
