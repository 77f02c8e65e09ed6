import { type Cluster, groupOfDevice, type NodeGroup } from '../domain/cluster.ts';
import type { Members } from './measured.ts';

/** Where one run of members stands. */
export interface Stretch {
  readonly first: number;
  readonly last: number;
  readonly touched: readonly NodeGroup[];
  readonly perDomain: number;
}

export function stretchOf(cluster: Cluster, { firstDevice, stride, size }: Members): Stretch {
  const lastDevice = firstDevice + stride * (size - 1);
  const first = groupOfDevice(cluster, firstDevice);
  const last = groupOfDevice(cluster, lastDevice);
  const touched = cluster.groups
    .slice(first.index, last.index + 1)
    .filter((group) => holdsOne(group, firstDevice, stride));
  let perDomain = size;
  for (const group of touched) perDomain = Math.min(perDomain, membersPerDomain(group, stride, size));
  const sameDomain = first === last && domainOf(first, firstDevice) === domainOf(first, lastDevice);
  if (!sameDomain && perDomain >= size) perDomain = Math.max(1, Math.floor(size / 2));
  return { first: firstDevice, last: lastDevice, touched, perDomain };
}

/** Of a group between the ends of a run: whether a member stands in it. */
function holdsOne({ firstDevice, nodes, gpusPerNode }: NodeGroup, from: number, stride: number): boolean {
  return from + Math.ceil((firstDevice - from) / stride) * stride < firstDevice + nodes * gpusPerNode;
}

/** Members that stand together: those of each run, runs inside one fast domain counted as one. */
export function placesOf(cluster: Cluster, stretches: readonly Stretch[]): number[] {
  const places = new Map<string, number>();
  for (const [i, { first, last, perDomain }] of stretches.entries()) {
    const group = groupOfDevice(cluster, first);
    const inside = groupOfDevice(cluster, last) === group && domainOf(group, first) === domainOf(group, last);
    const place = inside ? `${group.index}/${domainOf(group, first)}` : `run ${i}`;
    places.set(place, (places.get(place) ?? 0) + perDomain);
  }
  return [...places.values()];
}

export function domainOf(group: NodeGroup, device: number): number {
  return Math.floor((device - group.firstDevice) / group.fastDomainGpus);
}

function membersPerDomain(group: NodeGroup, stride: number, size: number): number {
  const domain = Math.min(group.fastDomainGpus, group.nodes * group.gpusPerNode);
  return Math.min(size, Math.max(1, Math.floor(domain / stride)));
}
