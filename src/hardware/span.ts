import { type Cluster, type GroupLink, groupOfDevice, type NodeGroup } from '../domain/cluster.ts';
import { gpusOnHosts } from '../domain/hosts.ts';
import type { LinkSpec } from '../domain/link.ts';
import { type MeasuredPath, type Members, measuredBetween, measuredRing } from './measured.ts';
import {
  flowShare,
  isSlower,
  linkShare,
  measuredShare,
  type NetworkShare,
  portShare,
  slowest,
  socketShare,
  UNLIMITED,
} from './network-share.ts';
import { crowdOf, onOneBus } from './shared-host.ts';
import { domainOf, placesOf, type Stretch, stretchOf } from './stretch.ts';
import { type Transport, transportOf } from './transport.ts';

/** Where the members of one communication group stand: how many share a fast domain, how many domains, over what. */
export interface Span {
  readonly size: number;
  /** Members inside one fast (scale-up) domain. */
  readonly perDomain: number;
  readonly domains: number;
  /** The group whose intra-node link is the slowest of those touched. */
  readonly intra: NodeGroup;
  /** GPUs of a host that use its links at once: those of this group and of all that work beside it. */
  readonly busy: number;
  /** What carries it. */
  readonly transport: Transport;
  /** What the network gives each member. */
  readonly share: NetworkShare;
  /** Largest one-way latency on the way, beyond the NIC's own, seconds (0 inside one site). */
  readonly extraLatency: number;
  /** The slowest kind of network on the way, whose latencies a hop has. */
  readonly network: LinkSpec;
}

/** `size` members, `stride` devices apart, from `firstDevice` on in device order. */
export function spanOf(cluster: Cluster, firstDevice: number, stride: number, size: number): Span {
  return spanOfRuns(cluster, [{ firstDevice, stride, size }]);
}

/** One communication group whose members stand in several runs of devices, as ranks go: unlike copies of one stage. */
export function spanOfRuns(cluster: Cluster, runs: readonly Members[], traffic: Traffic = {}): Span {
  const stretches = runs.map((run) => stretchOf(cluster, run));
  const size = runs.reduce((sum, run) => sum + run.size, 0);
  const places = placesOf(cluster, stretches);
  const perDomain = Math.min(...places);
  const domains =
    runs.length === 1 ? Math.ceil(size / perDomain) : Math.max(places.length, Math.ceil(size / perDomain));
  return standing(cluster, runs, stretches, { size, perDomain, domains }, traffic);
}

/** One communication group of single devices: one of each stage. As many groups stand side by side as two stages lie apart. */
export function spanOfDevices(cluster: Cluster, devices: readonly number[]): Span {
  const apart = devices.slice(1).map((device, i) => Math.abs(device - devices[i]!));
  const stride = apart.length === 0 ? 1 : Math.max(1, Math.min(...apart));
  const runs = devices.map((firstDevice) => ({ firstDevice, stride, size: 1 }));
  const stretches = runs.map((run) => stretchOf(cluster, run));
  const places = new Set(
    stretches.map(({ first, touched: [group] }) => `${group!.index}/${domainOf(group!, first)}`),
  );
  const [size, domains] = [devices.length, places.size];
  return standing(cluster, runs, stretches, { size, domains, perDomain: Math.ceil(size / domains) });
}

function standing(
  cluster: Cluster,
  runs: readonly Members[],
  stretches: readonly Stretch[],
  shape: Pick<Span, 'size' | 'perDomain' | 'domains'>,
  traffic: Traffic = {},
): Span {
  const touched = cluster.groups.filter((group) => stretches.some((one) => one.touched.includes(group)));
  const crowd = crowdOf(cluster, touched, runs);
  const { perDomain, domains } = crowd ?? shape;
  const own = endsOf(touched, traffic.senders);
  const intra = crowd?.bus ?? own.intra;
  const busy = busyOf(intra, traffic);
  const ends = { ...own, intra, size: shape.size, perDomain, domains, busy };
  if (domains === 1) return { ...ends, transport: 'domain' };
  const links = cluster.links.filter((link) => crosses(link, touched, stretches));
  const side = Math.max(...runs.map(({ stride }) => stride), 1) * perDomain;
  const width = Math.min(side, traffic.senders ?? side);
  const path = measuredRing(cluster, runs);
  return { ...ends, ...joined(cluster, touched, own, links, width, path, traffic) };
}

/** What else is known of the traffic of a span. */
export interface Traffic {
  /** GPUs of a node that send at once; left out: all. */
  readonly senders?: number;
  /** GPUs that are at a collective at once, in groups side by side; left out: all. */
  readonly talking?: number;
  /** The communicator has members that RDMA does not reach. */
  readonly overSockets?: boolean;
}

/** Senders have a receiver each. */
function busyOf(group: NodeGroup, { senders, talking }: Traffic): number {
  const gpus = gpusOnHosts(group);
  return Math.min(gpus, senders === undefined ? (talking ?? gpus) : 2 * senders);
}

/** Two devices, in whichever order. */
export function pairSpan(cluster: Cluster, a: number, b: number, traffic: Traffic = {}): Span {
  const [low, high] = [Math.min(a, b), Math.max(a, b)];
  const run = { firstDevice: low, stride: Math.max(1, high - low), size: 2 };
  const together = groupOfDevice(cluster, low) === groupOfDevice(cluster, high);
  // Groups that lie between in the order of devices have no part in it.
  const runs = together ? [run] : [low, high].map((firstDevice) => ({ ...run, firstDevice, size: 1 }));
  return spanOfRuns(cluster, runs, traffic);
}

/**
 * One member in each of several node groups that work side by side, each member's GPU sharing its node's network and
 * every link between the groups with all the others of its group (`flows` of them).
 */
export function spanAcross(cluster: Cluster, indexes: readonly number[], flows: number): Span {
  const groups = indexes.map((index) => cluster.groups[index]!);
  const size = indexes.length;
  const ends = endsOf(groups);
  const bus = onOneBus(groups);
  if (bus !== null) {
    const rings = Math.min(flows, ...groups.map(({ gpusPerNode }) => gpusPerNode));
    const busy = rings * size;
    return { ...ends, intra: bus, size, perDomain: size, domains: 1, busy, transport: 'domain' };
  }
  const links = cluster.links.filter(({ from, to }) => indexes.includes(from) && indexes.includes(to));
  const path = measuredBetween(cluster, indexes);
  const busy = busyOf(ends.intra, {});
  const way = joined(cluster, groups, ends, links, flows, path);
  return { size, perDomain: 1, domains: size, busy, ...ends, ...way };
}

/** One GPU of the group and its peer, in the same fast domain or in another node. */
export function neighbours(group: NodeGroup, sameDomain: boolean, traffic: Traffic = {}): Span {
  const { senders, overSockets = false } = traffic;
  const apart = overSockets || group.nic.link.layer === 'tcp' ? 'socket' : 'rdma';
  const ends = endsOf([group], senders);
  return {
    size: 2,
    perDomain: sameDomain ? 2 : 1,
    domains: sameDomain ? 1 : 2,
    busy: busyOf(ends.intra, traffic),
    ...ends,
    transport: sameDomain ? 'domain' : apart,
    ...(!sameDomain && apart === 'socket' ? socketEnds([group], senders) : {}),
  };
}

type Ends = Pick<Span, 'intra' | 'network' | 'share' | 'extraLatency'>;

/** What the groups' own ports and in-node links set, without what lies between groups. */
function endsOf(groups: readonly NodeGroup[], senders?: number): Ends {
  let [network] = groups as readonly [NodeGroup];
  let intra = network;
  let share = portShare(network, senders);
  for (const group of groups) {
    const own = portShare(group, senders);
    if (isSlower(own, portShare(network, senders))) network = group;
    if (group.intraNode.bandwidth < intra.intraNode.bandwidth) intra = group;
    share = slowest(share, own);
  }
  return { intra, network: network.nic.link, share, extraLatency: 0 };
}

/** The same of a communicator on sockets: RDMA cards work as plain ones. */
function socketEnds(groups: readonly NodeGroup[], senders?: number): Pick<Ends, 'network' | 'share'> {
  let share = UNLIMITED;
  let network: LinkSpec | null = null;
  for (const group of groups) {
    const own = group.nic.link.layer === 'tcp' ? portShare(group, senders) : socketShare(group, senders);
    if (network === null || isSlower(own, share)) network = group.nic.sockets;
    share = slowest(share, own);
  }
  return { share, network: network! };
}

/**
 * The ends' share narrowed by what lies between them. A measurement of two nodes stands for ports and links alike, though
 * not for what all flows share. Where a file says what sockets reach between groups, that is what their cards give.
 */
function joined(
  cluster: Cluster,
  groups: readonly NodeGroup[],
  ends: Ends,
  links: readonly GroupLink[],
  width: number,
  path: MeasuredPath | null,
  { senders, overSockets = false }: Traffic = {},
): Pick<Span, 'transport' | 'network' | 'share' | 'extraLatency'> {
  const indexes = groups.map(({ index }) => index);
  const transport = overSockets ? 'socket' : transportOf(cluster, indexes);
  const { network, share: ports } =
    transport === 'socket' && path === null ? { ...ends, ...socketsBetween(groups, links, senders) } : ends;
  let share = path === null ? ports : measuredShare(groups, path, senders);
  let extraLatency = 0;
  for (const link of links) {
    if (path === null) share = slowest(share, linkShare(cluster, link, senders));
    share = slowest(share, flowShare(link, width));
    extraLatency = Math.max(extraLatency, link.latency);
  }
  if (path !== null && path.latency !== null)
    extraLatency = Math.max(extraLatency, path.latency - network.latency);
  return { transport, network, share, extraLatency };
}

function socketsBetween(
  groups: readonly NodeGroup[],
  links: readonly GroupLink[],
  senders?: number,
): Pick<Ends, 'network' | 'share'> {
  const told = links.filter(
    ({ layer, bandwidthPerNode, nominalPerNode }) =>
      layer === 'tcp' && Math.min(bandwidthPerNode, nominalPerNode) < Number.POSITIVE_INFINITY,
  );
  const open = groups.filter(
    ({ index, nic }) =>
      nic.link.layer === 'tcp' || !told.some(({ from, to }) => from === index || to === index),
  );
  const { network } = socketEnds(groups, senders);
  return { network, share: open.length === 0 ? UNLIMITED : socketEnds(open, senders).share };
}

/** Whether members talk over a link: between two groups, or between the nodes of one. */
function crosses(link: GroupLink, touched: readonly NodeGroup[], stretches: readonly Stretch[]): boolean {
  const from = touched.find(({ index }) => index === link.from);
  if (from === undefined || !touched.some(({ index }) => index === link.to)) return false;
  if (link.from !== link.to) return true;
  const end = from.firstDevice + from.nodes * from.gpusPerNode - 1;
  const domains = new Set(
    stretches
      .filter((one) => one.touched.includes(from))
      .flatMap(({ first, last }) => [Math.max(first, from.firstDevice), Math.min(last, end)])
      .map((device) => domainOf(from, device)),
  );
  return domains.size > 1;
}
