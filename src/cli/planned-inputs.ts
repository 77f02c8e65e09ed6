import { createHash } from 'node:crypto';
import type { Cluster, NodeGroup } from '../domain/cluster.ts';
import type { ModelSpec } from '../domain/model.ts';

/** Digest of a model as plans see it: a file that says the same in other words has the same one. */
export function modelDigest({ name: _, modelType: __, ...model }: ModelSpec): string {
  return digest(model);
}

/** Keys of a group and its cards that no figure depends on. */
const UNPRICED: ReadonlySet<string> = new Set([
  ...['hostsMadeUp', 'slurm', 'nodeSelector', 'dollarsPerGpuHour', 'owned'],
  ...['devices', 'interface'],
]);

/**
 * Digest of all of a cluster that the numbers of a plan depend on: not the names of hosts and devices, what a scheduler is
 * asked for, prices, or what was assumed in words.
 */
export function clusterDigest({ groups, links, measured }: Cluster): string {
  const places = new Map<string, number>();
  const placed = groups.map((group) => ({ ...group, hosts: placesOf(group, places) }));
  return digest({ groups: placed, links, measured: measured ?? null });
}

/** Which hosts several groups share, without their names; null where none is shared. */
function placesOf({ hosts, shared }: NodeGroup, places: Map<string, number>): number[] | null {
  const own = hosts.map((host) => {
    const known = places.get(host) ?? places.size;
    places.set(host, known);
    return known;
  });
  return shared === undefined ? null : own;
}

/** Infinity is not null. */
function digest(value: unknown): string {
  const text = JSON.stringify(value, (key, one: unknown) => {
    if (UNPRICED.has(key)) return undefined;
    return one === Number.POSITIVE_INFINITY ? 'Infinity' : one;
  });
  return createHash('sha256').update(text).digest('hex');
}
