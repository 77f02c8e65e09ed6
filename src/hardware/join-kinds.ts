import type { Cluster, NodeGroup } from '../domain/cluster.ts';
import { shareHosts } from '../domain/hosts.ts';
import { measuredBetween } from './measured.ts';
import { networkRate } from './network-share.ts';
import { pairSpan } from './span.ts';
import { joinOf, linkBetween } from './transport.ts';

/** Pairs of node groups that are joined alike. */
export interface JoinKind {
  /** By index; twice the same: nodes of one group that have a link of their own. */
  readonly pairs: readonly (readonly [number, number])[];
  readonly transport: 'rdma' | 'socket';
  /** GPUs of two types in the same hosts. */
  readonly sameHosts: boolean;
  readonly by: 'measured' | 'stated' | 'assumed';
  /** Bytes/s that a node of one reaches to a node of the other, all its GPUs together. */
  readonly perNode: number;
  /** Bytes/s that all flows share; Infinity: only cards limit. */
  readonly shared: number;
  /** Seconds, one way. */
  readonly latency: number;
}

/** How each two groups reach each other, by the law that plans are priced by. */
export function joinKinds(cluster: Cluster): JoinKind[] {
  const { groups } = cluster;
  const kinds = new Map<string, (readonly [number, number])[]>();
  for (const [a] of groups.entries())
    for (let b = a; b < groups.length; b++) {
      if (a === b && linkBetween(cluster, a, a) === undefined) continue;
      const key = likenessOf(cluster, a, b);
      const alike = kinds.get(key);
      if (alike === undefined) kinds.set(key, [[a, b]]);
      else alike.push([a, b]);
    }
  return [...kinds.values()].map((pairs) => ({ pairs, ...joinedAs(cluster, ...pairs[0]!) }));
}

/** The same for pairs of which one stands for all. */
function likenessOf(cluster: Cluster, a: number, b: number): string {
  if (cluster.measured !== undefined) return `${a} ${b}`;
  const [one, other] = [cluster.groups[a]!, cluster.groups[b]!];
  const link = linkBetween(cluster, a, b);
  const way =
    link === undefined
      ? []
      : [
          ...[link.kind?.id, link.bandwidthPerNode, link.nominalPerNode, link.sharedBandwidth],
          ...[link.perFlow, link.latency, link.provenance],
        ];
  const { transport, stated } = joinOf(cluster, a, b);
  return [transport, stated, shareHosts(one, other), cardsOf(one), cardsOf(other), ...way].join(' ');
}

function cardsOf({ nic, gpusPerNode }: NodeGroup): string {
  const { id, bandwidth, perFlow, latency } = nic.link;
  return [id, bandwidth, perFlow, latency, nic.perNode, nic.measured, gpusPerNode].join();
}

function joinedAs(cluster: Cluster, a: number, b: number): Omit<JoinKind, 'pairs'> {
  const [one, other] = [cluster.groups[a]!, cluster.groups[b]!];
  const link = linkBetween(cluster, a, b);
  const { transport, stated } = joinOf(cluster, a, b);
  const senders = Math.min(one.gpusPerNode, other.gpusPerNode);
  const last = one.firstDevice + one.nodes * one.gpusPerNode - 1;
  const span = pairSpan(cluster, a === b ? one.firstDevice : last, a === b ? last : other.firstDevice, {
    senders,
  });
  const measured = a === b ? null : measuredBetween(cluster, [a, b]);
  return {
    transport,
    sameHosts: a !== b && shareHosts(one, other),
    by: measured !== null ? 'measured' : stated && link?.provenance !== 'assumed' ? 'stated' : 'assumed',
    perNode: measured?.bandwidthPerNode ?? networkRate(span.share, 1) * senders,
    shared: link?.sharedBandwidth ?? Number.POSITIVE_INFINITY,
    latency: measured?.latency ?? span.network.latency + span.extraLatency,
  };
}
