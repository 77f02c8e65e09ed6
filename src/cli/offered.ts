import type { ClusterChange } from '../catalogue/cluster-change.ts';
import { InputError } from '../domain/input-error.ts';
import type { Problem } from '../domain/problem.ts';
import type { Framework } from '../frameworks/port/framework.ts';
import { ownedHour } from '../purchase/owned.ts';
import type { GroupPrice } from '../reporters/compared.ts';
import { type Own, ownedBy, ownershipOf, ownFrom, ownNames, powerOf } from './own.ts';
import { type Prices, pricesFrom, pricesOf, refuseUnused } from './prices.ts';
import { given } from './problem.ts';
import type { Settings } from './settings.ts';
import { changesOf, refuseTooLarge, whatIfFrom } from './what-if.ts';

/** A cluster to compare, before it is searched. */
export interface Offered {
  readonly problem: Problem;
  readonly launcher: Framework | null;
  readonly prices: readonly GroupPrice[];
}

/** Every cluster that is named, each as often as --what-if changes it: all that can be wrong with them is found here, before a search. */
export function offeredFrom(
  model: string,
  clusters: readonly string[],
  s: Settings,
  { whatIf, own: owned }: { readonly whatIf?: string | undefined; readonly own?: string | undefined },
): Offered[] {
  const prices = pricesFrom(s.price);
  const own = owned === undefined ? null : ownFrom(owned);
  const used = new Set<string>();
  const bought = new Set<string>();
  const offered = variants(clusters, whatIf).map(([cluster, change]) => {
    const { problem: one, launcher } = given(model, cluster, s, change);
    if (change !== null) refuseTooLarge(one.cluster, change);
    const problem = change === null || clusters.length === 1 ? one : ofCluster(cluster, one);
    const priced = pricesOf(problem.cluster, prices);
    for (const name of priced.used) used.add(name);
    for (const group of problem.cluster.groups) bought.add(ownedBy(group, own)?.name ?? '');
    return { problem, launcher, prices: groupPrices(problem, priced, own) };
  });
  const all = offered.map(({ problem }) => problem.cluster);
  refuseUnused(prices, used, all);
  if (own !== null) refuseUnused(ownNames(own), bought, all, '--own');
  return offered;
}

/** Of several clusters a changed one says of which it is. */
function ofCluster(name: string, problem: Problem): Problem {
  return { ...problem, cluster: { ...problem.cluster, name: `${name}, ${problem.cluster.name}` } };
}

function variants(
  clusters: readonly string[],
  whatIf: string | undefined,
): (readonly [string, ClusterChange | null])[] {
  const changes = whatIf === undefined ? [] : whatIfFrom(whatIf);
  const each = clusters.flatMap((cluster) =>
    changesOf(cluster, changes).map((change) => [cluster, change] as const),
  );
  // Where no cluster has what is asked for, the first says so.
  const asked = changes.length === 0 || each.some(([, change]) => change !== null);
  return asked ? each : [[clusters[0]!, changes[0]!]];
}

function groupPrices({ cluster }: Problem, { byGroup, sources }: Prices, own: Own | null): GroupPrice[] {
  return cluster.groups.map((group, i) => {
    const { id, gpu, nodes, gpusPerNode } = group;
    const power = powerOf(group, own);
    const shared = { group: id, gpuType: gpu.id, gpus: nodes * gpusPerNode, power };
    const rented = { ...shared, dollarsPerGpuHour: byGroup[i]!, source: sources[i]! };
    if (ownedBy(group, own) !== null && rented.source === 'flag')
      throw new InputError({
        message: `${id} (${gpu.id}) has a price of --price and one of --own`,
        expected: 'one of them: GPUs are rented or owned',
      });
    const owned = ownershipOf(group, own, rented.source);
    if (owned === null) return rented;
    const hour = ownedHour(owned, power);
    return {
      ...shared,
      dollarsPerGpuHour: hour.capital + hour.energy,
      source: 'own' as const,
      owned: { ...owned, ...hour, rentedDollarsPerGpuHour: byGroup[i]! },
    };
  });
}
