import type { Cluster, MeasuredLinks, NodeGroup } from './cluster.ts';
import { onlyGroups } from './node-order.ts';

/** The cluster without some of its hosts, whatever groups they stand in; groups that lose all are gone, the rest is numbered anew. */
export function withoutHosts(cluster: Cluster, lost: ReadonlySet<string>): Cluster {
  let firstDevice = 0;
  const kept: number[] = [];
  let node = 0;
  const groups = cluster.groups.map((group): NodeGroup => {
    const stay = group.hosts.flatMap((host, i) => (lost.has(host) ? [] : [i]));
    for (const i of stay) kept.push(node + i);
    node += group.nodes;
    const here = {
      ...group,
      nodes: stay.length,
      hosts: stay.map((i) => group.hosts[i]!),
      firstDevice,
      ...(group.shared === undefined
        ? {}
        : { shared: { ...group.shared, firstGpus: stay.map((i) => group.shared!.firstGpus[i]!) } }),
    };
    firstDevice += here.nodes * here.gpusPerNode;
    return here;
  });
  const left = {
    ...cluster,
    groups,
    ...(cluster.measured === undefined ? {} : { measured: among(cluster.measured, kept) }),
  };
  return onlyGroups(left, ({ nodes }) => nodes > 0);
}

function among({ bandwidth, latency, perFlow }: MeasuredLinks, kept: readonly number[]): MeasuredLinks {
  const part = (table: MeasuredLinks['bandwidth']) =>
    kept.map((row) => kept.map((column) => table[row]![column]!));
  return {
    bandwidth: part(bandwidth),
    latency: latency === null ? null : part(latency),
    perFlow: perFlow === null ? null : part(perFlow),
  };
}
