import type { Cluster, GroupLink } from '../domain/cluster.ts';
import { shareHosts } from '../domain/hosts.ts';
import { remembered, rememberedOf } from '../units/remembered.ts';

/**
 * What carries a communicator: `domain` the links of one scale-up domain; `rdma` network cards of one layer on one fabric;
 * `socket` TCP through host memory. A communicator has one network module on all its ranks (NCCL 2.30 `plugin/net.cc`,
 * nccl#234), and local and remote cards of a connection must have one link layer (`net_ib/connect.cc`): so one pair that
 * RDMA does not join puts the whole communicator on sockets.
 */
export type Transport = 'domain' | 'rdma' | 'socket';

/** How two node groups reach each other, and whether the cluster file says so. */
export interface Join {
  readonly transport: 'rdma' | 'socket';
  readonly stated: boolean;
  /** Cards and fabric have RDMA: only the libraries of the GPUs' vendors keep it from joining them. */
  readonly vendorsApart?: true;
}

/**
 * The cards' own layer decides first, then the link between them, then the name of the fabric, then the site; where all of
 * those have RDMA, the vendors of the GPUs. NCCL and RCCL never share a communicator (rccl#1220): what crosses goes through
 * host memory and Gloo's sockets, which is what FlagScale's `hetero_use_cpu_communication` and Zorse's `gloo_p2p` do. FlagCX
 * may join them over RDMA, so that this is assumed, and a link of layer `tcp` with a bandwidth states what it reaches.
 */
export function joinOf(cluster: Cluster, a: number, b: number): Join {
  const known = rememberedOf(byCluster, cluster, () => new Map<number, Join>());
  return remembered(known, a * cluster.groups.length + b, () => joined(cluster, a, b));
}

const byCluster = new WeakMap<Cluster, Map<number, Join>>();

/** The link of two groups, in whichever order, or of the nodes of one. */
export function linkBetween(cluster: Cluster, a: number, b: number): GroupLink | undefined {
  const pair = (from: number, to: number) => Math.min(from, to) * cluster.groups.length + Math.max(from, to);
  const known = rememberedOf(
    linksOf,
    cluster,
    () => new Map(cluster.links.map((link) => [pair(link.from, link.to), link])),
  );
  return known.get(pair(a, b));
}

const linksOf = new WeakMap<Cluster, Map<number, GroupLink>>();

function joined(cluster: Cluster, a: number, b: number): Join {
  const [one, other] = [cluster.groups[a]!, cluster.groups[b]!];
  const way = linkBetween(cluster, a, b);
  const { layer } = one.nic.link;
  const alike = layer === other.nic.link.layer;
  const [fabric, peer] = [one.nic.fabric, other.nic.fabric];
  const named = fabric !== null && peer !== null;
  const together = named ? fabric === peer : a === b || one.site === other.site;
  const rdma = layer !== 'tcp' && alike && (way === undefined ? together : way.layer === layer);
  if (rdma && one.gpu.vendor !== other.gpu.vendor)
    return { transport: 'socket', stated: false, vendorsApart: true };
  return {
    transport: rdma ? 'rdma' : 'socket',
    stated:
      one === other || shareHosts(one, other) || way?.stated === true || (alike && named && fabric === peer),
  };
}

/** Of members on nodes of these groups, more than one node: the slowest of all their pairs. */
export function transportOf(cluster: Cluster, groups: readonly number[]): 'rdma' | 'socket' {
  const [only] = groups;
  if (groups.length === 1) return joinOf(cluster, only!, only!).transport;
  const known = rememberedOf(transports, cluster, () => new Map<string, 'rdma' | 'socket'>());
  return remembered(known, groups.join(), () => slowestOf(cluster, groups), MOST_TRANSPORTS);
}

const transports = new WeakMap<Cluster, Map<string, 'rdma' | 'socket'>>();
const MOST_TRANSPORTS = 4000;

function slowestOf(cluster: Cluster, groups: readonly number[]): 'rdma' | 'socket' {
  for (const [i, a] of groups.entries())
    for (const b of groups.slice(i)) if (joinOf(cluster, a, b).transport === 'socket') return 'socket';
  return 'rdma';
}
