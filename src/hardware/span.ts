import { type Cluster, groupOfDevice, type NodeGroup } from '../domain/cluster.ts';
import { measuredRing } from './measured.ts';

/** Where the members of one communication group stand: how many share a fast domain, how many domains, over what. */
export interface Span {
  readonly size: number;
  /** Members inside one fast (scale-up) domain. */
  readonly perDomain: number;
  readonly domains: number;
  /** The group whose intra-node link is the slowest of those touched. */
  readonly intra: NodeGroup;
  /** Bytes/s one way that one member's share of the network carries while all GPUs of the node use it. */
  readonly networkPerMember: number;
  /** Largest one-way latency on the way, beyond the NIC's own, seconds (0 inside one site). */
  readonly extraLatency: number;
  readonly network: NodeGroup;
}

/** `size` members, `stride` devices apart, from `firstDevice` on in device order. */
export function spanOf(cluster: Cluster, firstDevice: number, stride: number, size: number): Span {
  const first = groupOfDevice(cluster, firstDevice);
  const last = groupOfDevice(cluster, firstDevice + stride * (size - 1));
  const touched = cluster.groups.slice(first.index, last.index + 1);
  const offset = firstDevice - first.firstDevice;
  let perDomain = size;
  for (const group of touched) perDomain = Math.min(perDomain, membersPerDomain(group, stride, size));
  const sameDomain =
    first === last &&
    Math.floor(offset / first.fastDomainGpus) ===
      Math.floor((offset + stride * (size - 1)) / first.fastDomainGpus);
  if (!sameDomain && perDomain >= size) perDomain = Math.max(1, Math.floor(size / 2));
  const domains = Math.ceil(size / perDomain);
  let network = first;
  for (const group of touched) if (networkPerGpu(group) < networkPerGpu(network)) network = group;
  let intra = first;
  for (const group of touched) if (group.intraNode.bandwidth < intra.intraNode.bandwidth) intra = group;
  let networkPerMember = networkPerGpu(network);
  let extraLatency = 0;
  if (domains > 1) {
    for (const link of cluster.links) {
      const crosses =
        link.from === link.to
          ? touched.length === 1 && touched[0]?.index === link.from
          : touched.some((g) => g.index === link.from) && touched.some((g) => g.index === link.to);
      if (!crosses) continue;
      const perNode = Math.min(link.bandwidthPerNode, network.nic.link.bandwidth * network.nic.perNode);
      networkPerMember = Math.min(
        networkPerMember,
        perNode / network.gpusPerNode,
        link.sharedBandwidth / Math.max(stride, 1) / perDomain,
      );
      extraLatency = Math.max(extraLatency, link.latency);
    }
  }
  const path = domains > 1 ? measuredRing(cluster, firstDevice, stride, size) : null;
  if (path !== null) {
    networkPerMember = Math.min(networkPerMember, path.bandwidthPerNode / network.gpusPerNode);
    if (path.latency !== null) extraLatency = Math.max(extraLatency, path.latency - network.nic.link.latency);
  }
  return { size, perDomain, domains, intra, networkPerMember, extraLatency, network };
}

/**
 * One member in each of several node groups that work side by side, each member's GPU sharing its node's network and
 * every link between the groups with all the others of its group (`flows` of them).
 */
export function spanAcross(cluster: Cluster, indexes: readonly number[], flows: number): Span {
  const groups = indexes.map((index) => cluster.groups[index]!);
  const network = groups.reduce((a, b) => (networkPerGpu(b) < networkPerGpu(a) ? b : a));
  const intra = groups.reduce((a, b) => (b.intraNode.bandwidth < a.intraNode.bandwidth ? b : a));
  let networkPerMember = networkPerGpu(network);
  let extraLatency = 0;
  for (const link of cluster.links) {
    if (!indexes.includes(link.from) || !indexes.includes(link.to)) continue;
    networkPerMember = Math.min(
      networkPerMember,
      link.bandwidthPerNode / network.gpusPerNode,
      link.sharedBandwidth / flows,
    );
    extraLatency = Math.max(extraLatency, link.latency);
  }
  const size = indexes.length;
  return { size, perDomain: 1, domains: size, intra, network, networkPerMember, extraLatency };
}

/** Bytes/s one way that the network gives each GPU of a node when all of them use it. */
export function networkPerGpu(group: NodeGroup): number {
  return (group.nic.link.bandwidth * group.nic.perNode) / group.gpusPerNode;
}

/** One GPU of the group and its peer, in the same fast domain or in another node. */
export function neighbours(group: NodeGroup, sameDomain: boolean): Span {
  return {
    size: 2,
    perDomain: sameDomain ? 2 : 1,
    domains: sameDomain ? 1 : 2,
    intra: group,
    network: group,
    networkPerMember: networkPerGpu(group),
    extraLatency: 0,
  };
}

function membersPerDomain(group: NodeGroup, stride: number, size: number): number {
  const domain = Math.min(group.fastDomainGpus, group.nodes * group.gpusPerNode);
  return Math.min(size, Math.max(1, Math.floor(domain / stride)));
}

/** The group that unlike replicas form together: members add up, the slowest link sets the pace. */
export function mergeSpans(spans: readonly Span[], blocksShareSize: boolean): Span {
  const first = spans[0]!;
  if (spans.length === 1 || !blocksShareSize) return first;
  let perDomain = first.perDomain;
  let network = first;
  let intra = first.intra;
  for (const span of spans) {
    perDomain = Math.min(perDomain, span.perDomain);
    if (span.networkPerMember < network.networkPerMember) network = span;
    if (span.intra.intraNode.bandwidth < intra.intraNode.bandwidth) intra = span.intra;
  }
  return {
    size: first.size,
    perDomain,
    domains: Math.max(spans.length, Math.ceil(first.size / perDomain)),
    intra,
    networkPerMember: network.networkPerMember,
    extraLatency: Math.max(...spans.map((span) => span.extraLatency)),
    network: network.network,
  };
}
