import type { Cluster, NicSpec } from './cluster.ts';
import type { LinkSpec } from './link.ts';

/** The cluster with cards, links and measurements between nodes that reach `share` of what they do. */
export function withNetworkAt(share: number, cluster: Cluster): Cluster {
  const of = (rate: number | null) => (rate === null ? null : rate * share);
  const link = (one: LinkSpec): LinkSpec => ({
    ...one,
    bandwidth: one.bandwidth * share,
    perFlow: of(one.perFlow),
  });
  const nic = (one: NicSpec): NicSpec => ({
    ...one,
    link: link(one.link),
    sockets: link(one.sockets),
    measured: of(one.measured),
  });
  const table = (rows: readonly (readonly number[])[]) => rows.map((row) => row.map((cell) => cell * share));
  const { measured } = cluster;
  return {
    ...cluster,
    groups: cluster.groups.map((group) => ({ ...group, nic: nic(group.nic) })),
    links: cluster.links.map((way) => ({
      ...way,
      sharedBandwidth: way.sharedBandwidth * share,
      bandwidthPerNode: way.bandwidthPerNode * share,
      nominalPerNode: way.nominalPerNode * share,
      perFlow: way.perFlow * share,
    })),
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
