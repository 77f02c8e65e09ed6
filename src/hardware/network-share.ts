import type { Cluster, GroupLink, NodeGroup } from '../domain/cluster.ts';
import { promisedBandwidth } from '../domain/link.ts';

/** Bytes/s one way that the network gives one GPU while all GPUs of its node use it. */
export interface NetworkShare {
  /** By the rates of ports and links and their own efficiency: training reaches a fitted part of it. */
  readonly nominal: number;
  /** As measured, or stated as what transfers reach: taken as it is. Infinity: nothing was. */
  readonly reached: number;
}

/** What transfers reach: `derating` is fitted, near 1, and applies to what links promise, never to what was measured. */
export function networkRate({ nominal, reached }: NetworkShare, derating: number): number {
  return Math.min(nominal * derating, reached);
}

export function isSlower(a: NetworkShare, b: NetworkShare): boolean {
  return networkRate(a, 1) < networkRate(b, 1);
}

/** The rate of what lies in a row: both ends' ports and the links between them. */
export function slowest(a: NetworkShare, b: NetworkShare): NetworkShare {
  return { nominal: Math.min(a.nominal, b.nominal), reached: Math.min(a.reached, b.reached) };
}

/** A GPU's share of all ports of its node. */
export function portShare({ nic, gpusPerNode }: NodeGroup): NetworkShare {
  const ports = nic.perNode / gpusPerNode;
  return nic.measured === null
    ? { nominal: promisedBandwidth(nic.link) * ports, reached: Number.POSITIVE_INFINITY }
    : { nominal: Number.POSITIVE_INFINITY, reached: nic.measured * ports };
}

/** A GPU's share of what a link between groups lets one node send. */
export function linkShare({ groups }: Cluster, link: GroupLink): NetworkShare {
  const gpus = Math.max(groups[link.from]!.gpusPerNode, groups[link.to]!.gpusPerNode);
  return { nominal: link.nominalPerNode / gpus, reached: link.bandwidthPerNode / gpus };
}

/** One flow's part of what all flows between two groups share, `width` of them at a time. */
export function flowShare({ sharedBandwidth }: GroupLink, width: number): NetworkShare {
  return { nominal: Number.POSITIVE_INFINITY, reached: sharedBandwidth / width };
}

/** A GPU's share of a rate measured between nodes of these groups; no measurement is above the wire. */
export function measuredShare(groups: readonly NodeGroup[], bandwidthPerNode: number): NetworkShare {
  let reached = Number.POSITIVE_INFINITY;
  for (const { nic, gpusPerNode } of groups)
    reached = Math.min(
      reached,
      bandwidthPerNode / gpusPerNode,
      (nic.link.bandwidth * nic.perNode) / gpusPerNode,
    );
  return { nominal: Number.POSITIVE_INFINITY, reached };
}
