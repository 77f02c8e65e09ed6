import type { Cluster } from './cluster.ts';
import { cardsAtRate, joinAtRate } from './faster-link.ts';
import type { LinkSpec } from './link.ts';

/** The cluster with cards, links and measurements between nodes that reach `share` of what they do. */
export function withNetworkAt(share: number, cluster: Cluster): Cluster {
  const table = (rows: readonly (readonly number[])[]) => rows.map((row) => row.map((cell) => cell * share));
  const { measured } = cluster;
  return {
    ...cluster,
    groups: cluster.groups.map((group) => ({ ...group, nic: cardsAtRate(group.nic, share) })),
    links: cluster.links.map((way) => joinAtRate(way, share)),
    ...(measured === undefined
      ? {}
      : {
          measured: {
            ...measured,
            bandwidth: table(measured.bandwidth),
            perFlow: measured.perFlow === null ? null : table(measured.perFlow),
          },
        }),
  };
}

/** The cluster with so many times the latency between nodes: of cards, of links and as measured. */
export function withNetworkLatencyTimes(times: number, cluster: Cluster): Cluster {
  const link = (one: LinkSpec): LinkSpec => ({
    ...one,
    latency: one.latency * times,
    latencyPerDoubling: one.latencyPerDoubling * times,
    latencyPerNode: one.latencyPerNode * times,
    collectives: one.collectives.map((curve) => ({
      ...curve,
      lines: curve.lines.map((line) => ({ ...line, latency: line.latency * times })),
    })),
  });
  const { measured } = cluster;
  return {
    ...cluster,
    groups: cluster.groups.map((group) => ({
      ...group,
      nic: { ...group.nic, link: link(group.nic.link), sockets: link(group.nic.sockets) },
    })),
    links: cluster.links.map((way) => ({ ...way, latency: way.latency * times })),
    ...(measured === undefined || measured.latency === null
      ? {}
      : {
          measured: {
            ...measured,
            latency: measured.latency.map((row) => row.map((cell) => cell * times)),
          },
        }),
  };
}
