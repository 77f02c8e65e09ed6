import type { Cluster, NicSpec, NodeGroup } from './cluster.ts';
import type { LinkSpec } from './link.ts';

/** A link whose wire and measured curves have `factor` times the rate; its latencies stay. */
function atRate(link: LinkSpec, factor: number): LinkSpec {
  return {
    ...link,
    bandwidth: link.bandwidth * factor,
    perFlow: link.perFlow === null ? null : link.perFlow * factor,
    inSwitchReduction:
      link.inSwitchReduction === null
        ? null
        : { ...link.inSwitchReduction, busBandwidth: link.inSwitchReduction.busBandwidth * factor },
    collectives: link.collectives.map((curve) => ({
      ...curve,
      lines: curve.lines.map((line) => ({ ...line, bandwidth: line.bandwidth * factor })),
    })),
  };
}

/** The cluster with the links inside the nodes of one group `factor` times as fast. */
export function withInsideAt(factor: number, cluster: Cluster, index: number): Cluster {
  return withGroup(cluster, index, (group) => ({
    ...group,
    intraNode: atRate(group.intraNode, factor),
    ...(group.shared === undefined
      ? {}
      : { shared: { ...group.shared, bus: atRate(group.shared.bus, factor) } }),
  }));
}

/** The same with the network cards of one group. Where nodes were measured, measurements say what cards reach: they stay. */
export function withCardsAt(factor: number, cluster: Cluster, index: number): Cluster {
  return withCards(cluster, index, (nic) => cardsAtRate(nic, factor));
}

export function cardsAtRate(nic: NicSpec, factor: number): NicSpec {
  return {
    ...nic,
    link: atRate(nic.link, factor),
    sockets: atRate(nic.sockets, factor),
    measured: nic.measured === null ? null : nic.measured * factor,
  };
}

/** One group with other cards. */
export function withCards(cluster: Cluster, index: number, change: (nic: NicSpec) => NicSpec): Cluster {
  return withGroup(cluster, index, (group) => ({ ...group, nic: change(group.nic) }));
}

/** The same with what joins two groups, or the nodes of one, by a link of its own. */
export function withJoinAt(factor: number, cluster: Cluster, from: number, to: number): Cluster {
  const is = (link: Cluster['links'][number]) =>
    (link.from === from && link.to === to) || (link.from === to && link.to === from);
  return {
    ...cluster,
    links: cluster.links.map((link) => (is(link) ? joinAtRate(link, factor) : link)),
  };
}

export function joinAtRate(link: Cluster['links'][number], factor: number): Cluster['links'][number] {
  return {
    ...link,
    sharedBandwidth: link.sharedBandwidth * factor,
    bandwidthPerNode: link.bandwidthPerNode * factor,
    nominalPerNode: link.nominalPerNode * factor,
    perFlow: link.perFlow * factor,
  };
}

function withGroup(cluster: Cluster, index: number, change: (group: NodeGroup) => NodeGroup): Cluster {
  return { ...cluster, groups: cluster.groups.map((group, i) => (i === index ? change(group) : group)) };
}
