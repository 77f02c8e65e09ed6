import { type Cluster, groupOfDevice, type NodeGroup } from '../domain/cluster.ts';
import { gpusOnHosts, shareHosts } from '../domain/hosts.ts';
import { promisedBandwidth } from '../domain/link.ts';
import { rememberedOf } from '../units/remembered.ts';
import { hostNumbers } from './host-numbers.ts';
import type { Members } from './measured.ts';

/** How members stand on hosts that have GPUs of several groups. */
export interface Crowd {
  /** Members of the domain that has fewest. */
  readonly perDomain: number;
  readonly domains: number;
  /** GPUs of unlike groups meet in a domain: the group whose bus to the others is slowest, joined by that bus. */
  readonly bus: NodeGroup | null;
}

/** Members counted one by one; null where no host of theirs stands in several of their groups. */
export function crowdOf(
  cluster: Cluster,
  touched: readonly NodeGroup[],
  runs: readonly Members[],
): Crowd | null {
  const hosts = hostNumbers(cluster);
  if (hosts === null || !touched.some((a) => touched.some((b) => a !== b && shareHosts(a, b)))) return null;
  const domains = new Map<string, { members: number; groups: Set<NodeGroup> }>();
  for (const { firstDevice, stride, size } of runs)
    for (let k = 0; k < size; k++) {
      const device = firstDevice + k * stride;
      const group = groupOfDevice(cluster, device);
      const inside = device - group.firstDevice;
      const place =
        group.shared === undefined
          ? `${group.index}/${Math.floor(inside / group.fastDomainGpus)}`
          : `host ${hosts[group.index]![Math.floor(inside / group.gpusPerNode)]}`;
      const here = domains.get(place) ?? { members: 0, groups: new Set() };
      here.members += 1;
      domains.set(place, { ...here, groups: here.groups.add(group) });
    }
  const all = [...domains.values()];
  const meeting = all.find(({ groups }) => groups.size > 1);
  return {
    perDomain: Math.min(...all.map(({ members }) => members)),
    domains: all.length,
    bus: meeting === undefined ? null : onBus(meeting.groups),
  };
}

/**
 * Groups whose nodes are the same hosts: the one whose bus to the others is slowest, with the bus in place of its own link. Null: they stand on hosts of their own.
 */
export function onOneBus(groups: readonly NodeGroup[]): NodeGroup | null {
  const [first, ...others] = groups as readonly [NodeGroup, ...NodeGroup[]];
  const alike = (one: NodeGroup) =>
    one.shared !== undefined &&
    one.hosts.length === first.hosts.length &&
    one.hosts.every((host, i) => host === first.hosts[i]);
  if (others.length === 0 || !groups.every(alike)) return null;
  return onBus(groups);
}

function onBus(groups: Iterable<NodeGroup>): NodeGroup {
  const slowest = [...groups].reduce((a, b) => (busRate(b) < busRate(a) ? b : a));
  return rememberedOf(known, slowest, () => {
    const gpus = gpusOnHosts(slowest);
    return { ...slowest, intraNode: slowest.shared!.bus, gpusPerNode: gpus, fastDomainGpus: gpus };
  });
}

const known = new WeakMap<NodeGroup, NodeGroup>();

const busRate = ({ shared }: NodeGroup) => promisedBandwidth(shared!.bus);
