import type { Cluster, NodeGroup } from '../../domain/cluster.ts';
import { remembered, rememberedOf } from '../../units/remembered.ts';
import type { Frame } from './frame.ts';
import type { SearchOptions } from './options.ts';

const known = new WeakMap<Cluster, readonly number[]>();

/** By group, the first one that is the same but for its place and its name: where links were measured, itself. */
export function firstAlike(cluster: Cluster): readonly number[] {
  return rememberedOf(known, cluster, () => {
    const { groups, measured } = cluster;
    if (measured !== undefined) return groups.map(({ index }) => index);
    const seen = new Map<string, number>();
    return groups.map((group) => remembered(seen, facts(group), () => group.index));
  });
}

function facts(group: NodeGroup): string {
  const { id: _, index: __, firstDevice: ___, hosts: ____, site: _____, ...others } = group;
  return JSON.stringify(others);
}

/** Whether a chain on one group alone is that on another group over again, which the search has anyway. */
export function isRepeated(cluster: Cluster, { runs }: Frame, { mustUse, avoid }: SearchOptions): boolean {
  const [only, ...more] = runs;
  if (more.length > 0 || mustUse.length > 0 || avoid.length > 0) return false;
  return firstAlike(cluster)[only!.group] !== only!.group;
}
