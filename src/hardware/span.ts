import { type Cluster, type GroupLink, groupOfDevice, type NodeGroup } from '../domain/cluster.ts';
import { type MeasuredPath, measuredBetween, measuredRing } from './measured.ts';
import {
  flowShare,
  isSlower,
  linkShare,
  measuredShare,
  type NetworkShare,
  portShare,
  slowest,
} from './network-share.ts';

/** Where the members of one communication group stand: how many share a fast domain, how many domains, over what. */
export interface Span {
  readonly size: number;
  /** Members inside one fast (scale-up) domain. */
  readonly perDomain: number;
  readonly domains: number;
  /** The group whose intra-node link is the slowest of those touched. */
  readonly intra: NodeGroup;
  /** What the network gives each member. */
  readonly share: NetworkShare;
  /** Largest one-way latency on the way, beyond the NIC's own, seconds (0 inside one site). */
  readonly extraLatency: number;
  /** The group whose ports are the slowest of those touched. */
  readonly network: NodeGroup;
}

/** `size` members, `stride` devices apart, from `firstDevice` on in device order. */
export function spanOf(cluster: Cluster, firstDevice: number, stride: number, size: number): Span {
  const lastDevice = firstDevice + stride * (size - 1);
  const first = groupOfDevice(cluster, firstDevice);
  const last = groupOfDevice(cluster, lastDevice);
  const touched = cluster.groups.slice(first.index, last.index + 1);
  let perDomain = size;
  for (const group of touched) perDomain = Math.min(perDomain, membersPerDomain(group, stride, size));
  const sameDomain = first === last && domainOf(first, firstDevice) === domainOf(first, lastDevice);
  if (!sameDomain && perDomain >= size) perDomain = Math.max(1, Math.floor(size / 2));
  const domains = Math.ceil(size / perDomain);
  const ends = endsOf(touched);
  if (domains === 1) return { size, perDomain, domains, ...ends };
  const links = cluster.links.filter((link) => crosses(link, touched, firstDevice, lastDevice));
  const width = Math.max(stride, 1) * perDomain;
  const path = measuredRing(cluster, firstDevice, stride, size);
  return { size, perDomain, domains, ...ends, ...joined(cluster, touched, ends, links, width, path) };
}

/** Two devices, in whichever order. */
export function pairSpan(cluster: Cluster, a: number, b: number): Span {
  return spanOf(cluster, Math.min(a, b), Math.max(1, Math.abs(a - b)), 2);
}

/**
 * One member in each of several node groups that work side by side, each member's GPU sharing its node's network and
 * every link between the groups with all the others of its group (`flows` of them).
 */
export function spanAcross(cluster: Cluster, indexes: readonly number[], flows: number): Span {
  const groups = indexes.map((index) => cluster.groups[index]!);
  const links = cluster.links.filter(({ from, to }) => indexes.includes(from) && indexes.includes(to));
  const ends = endsOf(groups);
  const path = measuredBetween(cluster, indexes);
  const size = indexes.length;
  return { size, perDomain: 1, domains: size, ...ends, ...joined(cluster, groups, ends, links, flows, path) };
}

/** One GPU of the group and its peer, in the same fast domain or in another node. */
export function neighbours(group: NodeGroup, sameDomain: boolean): Span {
  return { size: 2, perDomain: sameDomain ? 2 : 1, domains: sameDomain ? 1 : 2, ...endsOf([group]) };
}

type Ends = Pick<Span, 'intra' | 'network' | 'share' | 'extraLatency'>;

/** What the groups' own ports and in-node links set, without what lies between groups. */
function endsOf(groups: readonly NodeGroup[]): Ends {
  let [network] = groups as readonly [NodeGroup];
  let intra = network;
  let share = portShare(network);
  for (const group of groups) {
    const own = portShare(group);
    if (isSlower(own, portShare(network))) network = group;
    if (group.intraNode.bandwidth < intra.intraNode.bandwidth) intra = group;
    share = slowest(share, own);
  }
  return { intra, network, share, extraLatency: 0 };
}

/**
 * The ends' share narrowed by what lies between them. A measurement of two nodes stands for ports and links alike, though
 * not for what all flows share.
 */
function joined(
  cluster: Cluster,
  groups: readonly NodeGroup[],
  { share: ports, network }: Ends,
  links: readonly GroupLink[],
  width: number,
  path: MeasuredPath | null,
): Pick<Ends, 'share' | 'extraLatency'> {
  let share = path === null ? ports : measuredShare(groups, path.bandwidthPerNode);
  let extraLatency = 0;
  for (const link of links) {
    if (path === null) share = slowest(share, linkShare(cluster, link));
    share = slowest(share, flowShare(link, width));
    extraLatency = Math.max(extraLatency, link.latency);
  }
  if (path !== null && path.latency !== null)
    extraLatency = Math.max(extraLatency, path.latency - network.nic.link.latency);
  return { share, extraLatency };
}

/** Whether members from `first` to `last` device talk over a link: between two groups, or between the nodes of one. */
function crosses(link: GroupLink, touched: readonly NodeGroup[], first: number, last: number): boolean {
  const from = touched.find(({ index }) => index === link.from);
  if (from === undefined || !touched.some(({ index }) => index === link.to)) return false;
  if (link.from !== link.to) return true;
  const end = from.firstDevice + from.nodes * from.gpusPerNode - 1;
  return domainOf(from, Math.max(first, from.firstDevice)) !== domainOf(from, Math.min(last, end));
}

function domainOf(group: NodeGroup, device: number): number {
  return Math.floor((device - group.firstDevice) / group.fastDomainGpus);
}

function membersPerDomain(group: NodeGroup, stride: number, size: number): number {
  const domain = Math.min(group.fastDomainGpus, group.nodes * group.gpusPerNode);
  return Math.min(size, Math.max(1, Math.floor(domain / stride)));
}

/** The group that unlike replicas form together: members add up, the slowest link sets the pace. */
export function mergeSpans(spans: readonly Span[]): Span {
  const first = spans[0]!;
  if (spans.length === 1) return first;
  let { perDomain, share, network, intra } = first;
  for (const span of spans) {
    perDomain = Math.min(perDomain, span.perDomain);
    if (isSlower(portShare(span.network), portShare(network))) network = span.network;
    if (span.intra.intraNode.bandwidth < intra.intraNode.bandwidth) intra = span.intra;
    share = slowest(share, span.share);
  }
  return {
    size: first.size,
    perDomain,
    domains: Math.max(spans.length, Math.ceil(first.size / perDomain)),
    intra,
    share,
    extraLatency: Math.max(...spans.map((span) => span.extraLatency)),
    network,
  };
}
