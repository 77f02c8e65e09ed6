import type { Cluster, GroupLink, NodeGroup } from '../domain/cluster.ts';
import { gpusOnHosts } from '../domain/hosts.ts';
import { type LinkSpec, promisedBandwidth } from '../domain/link.ts';
import type { MeasuredPath } from './measured.ts';

/** Bytes/s one way that the network gives one GPU while others of its node use it. */
export interface NetworkShare {
  /** By the rates of ports and links and their own efficiency: training reaches a fitted part of it. */
  readonly nominal: number;
  /** As measured, or stated as what transfers reach: taken as it is. Infinity: nothing was. */
  readonly reached: number;
  /** What large messages keep of the nominal rate. */
  readonly large: LargeMessages | null;
  /** Bytes that fill the way of a message before it runs at that rate. */
  readonly fill: number;
}

export const UNLIMITED: NetworkShare = {
  nominal: Number.POSITIVE_INFINITY,
  reached: Number.POSITIVE_INFINITY,
  large: null,
  fill: 0,
};

/** From `from` bytes on the rate falls, to `part` of it at four times that. */
interface LargeMessages {
  readonly from: number;
  readonly part: number;
}

/**
 * What a transfer of so many bytes reaches: `derating` is fitted, near 1, and applies to what links promise, never to what
 * was measured.
 */
export function networkRate(share: NetworkShare, derating: number, bytes = 0): number {
  const rate = Math.min(share.nominal * derating * keptAt(share.large, bytes), share.reached);
  return bytes > 0 && share.fill > 0 ? (rate * bytes) / (bytes + Math.min(bytes, share.fill)) : rate;
}

/** On the logarithm of the size. */
function keptAt(large: LargeMessages | null, bytes: number): number {
  if (large === null || bytes <= large.from) return 1;
  return large.part ** Math.min(1, Math.log(bytes / large.from) / Math.log(4));
}

export function isSlower(a: NetworkShare, b: NetworkShare): boolean {
  return networkRate(a, 1) < networkRate(b, 1);
}

/** The rate of what lies in a row: both ends' ports and the links between them. */
export function slowest(a: NetworkShare, b: NetworkShare): NetworkShare {
  const { nominal, large } = b.nominal < a.nominal ? b : a;
  const fill = isSlower(b, a) ? b.fill : a.fill;
  return { nominal, large, fill, reached: Math.min(a.reached, b.reached) };
}

/**
 * Ports that each of a node's GPUs has while `senders` of them use the network: each takes its own part of the ports, or
 * one port where that is less. What one flow reaches alone, where it is known, says more than a port.
 */
function portsOf(group: NodeGroup, senders: number): number {
  const { nic } = group;
  const gpus = gpusOnHosts(group);
  const busy = Math.min(senders, gpus);
  const own = nic.perNode / busy;
  return nic.link.perFlow === null ? Math.min(own, Math.max(1 / busy, nic.perNode / gpus)) : own;
}

/** A GPU's share of the ports of its node. */
export function portShare(group: NodeGroup, senders = gpusOnHosts(group)): NetworkShare {
  const { nic } = group;
  const ports = portsOf(group, senders);
  const flow = nic.link.perFlow ?? Number.POSITIVE_INFINITY;
  return nic.measured === null
    ? {
        nominal: promisedBandwidth(nic.link) * ports,
        reached: flow,
        large: largeOf(nic.link),
        fill: nic.link.fill,
      }
    : {
        nominal: Number.POSITIVE_INFINITY,
        reached: Math.min(flow, nic.measured * ports),
        large: null,
        fill: nic.link.fill,
      };
}

/** What sockets leave one GPU of a node that has RDMA cards: they take one card, through host memory. */
export function socketShare(group: NodeGroup, senders = gpusOnHosts(group)): NetworkShare {
  const { sockets } = group.nic;
  return {
    nominal: promisedBandwidth(sockets) / Math.min(senders, gpusOnHosts(group)),
    reached: sockets.perFlow ?? Number.POSITIVE_INFINITY,
    large: largeOf(sockets),
    fill: sockets.fill,
  };
}

function largeOf({ largeMessages, efficiency }: LinkSpec): LargeMessages | null {
  return largeMessages === null
    ? null
    : { from: largeMessages.from, part: largeMessages.efficiency / efficiency };
}

/** A GPU's share of what a link between groups lets one node send. */
export function linkShare(
  { groups }: Cluster,
  link: GroupLink,
  senders = Number.POSITIVE_INFINITY,
): NetworkShare {
  const most = Math.max(gpusOnHosts(groups[link.from]!), gpusOnHosts(groups[link.to]!));
  const gpus = Math.min(most, senders);
  return {
    nominal: link.nominalPerNode / gpus,
    reached: Math.min(link.bandwidthPerNode / gpus, link.perFlow),
    large: link.kind === null ? null : largeOf(link.kind),
    fill: link.kind?.fill ?? 0,
  };
}

/** One flow's part of what all flows between two groups share, `width` of them at a time. */
export function flowShare({ sharedBandwidth }: GroupLink, width: number): NetworkShare {
  return { nominal: Number.POSITIVE_INFINITY, reached: sharedBandwidth / width, large: null, fill: 0 };
}

/** A GPU's share of a rate measured between nodes of these groups; no measurement is above the wire. */
export function measuredShare(
  groups: readonly NodeGroup[],
  { bandwidthPerNode, perFlow }: MeasuredPath,
  senders = Number.POSITIVE_INFINITY,
): NetworkShare {
  let reached = perFlow ?? Number.POSITIVE_INFINITY;
  for (const group of groups) {
    const { nic } = group;
    const ports = portsOf(group, senders);
    reached = Math.min(reached, (bandwidthPerNode * ports) / nic.perNode, nic.link.bandwidth * ports);
  }
  return { nominal: Number.POSITIVE_INFINITY, reached, large: null, fill: 0 };
}
