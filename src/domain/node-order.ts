import type { Cluster, MeasuredLinks, NodeGroup } from './cluster.ts';
import { withoutGone } from './hosts.ts';

type Matrix = readonly (readonly number[])[];

/** The number of the node, over all groups, that holds a device. */
export function nodeOfDevice({ groups }: Cluster, device: number): number {
  let nodes = 0;
  for (const group of groups) {
    const inside = device - group.firstDevice;
    if (inside < group.nodes * group.gpusPerNode) return nodes + Math.floor(inside / group.gpusPerNode);
    nodes += group.nodes;
  }
  throw new RangeError(`device ${device} is beyond the cluster`);
}

/** Node numbers of each group. */
export function nodesByGroup({ groups }: Cluster): number[][] {
  let first = 0;
  return groups.map(({ nodes }) => {
    const list = Array.from({ length: nodes }, (_, i) => first + i);
    first += nodes;
    return list;
  });
}

export function hostOfNode({ groups }: Cluster, node: number): string {
  let first = 0;
  for (const group of groups) {
    if (node < first + group.nodes) return group.hosts[node - first]!;
    first += group.nodes;
  }
  throw new RangeError(`node ${node} is beyond the cluster`);
}

/** The cluster with node order[i] in the place of node i. The order keeps each node in its group. */
export function reordered(cluster: Cluster, order: readonly number[] | null): Cluster {
  if (order === null || cluster.measured === undefined) return cluster;
  const permuted = (matrix: Matrix) => order.map((row) => order.map((column) => matrix[row]![column]!));
  let first = 0;
  const groups = cluster.groups.map((group): NodeGroup => {
    const from = order.slice(first, first + group.nodes);
    const hosts = from.map((node) => hostOfNode(cluster, node));
    const start = first;
    first += group.nodes;
    if (group.shared === undefined) return { ...group, hosts };
    const firstGpus = from.map((node) => group.shared!.firstGpus[node - start]!);
    return { ...group, hosts, shared: { ...group.shared, firstGpus } };
  });
  return {
    ...cluster,
    groups,
    measured: eachTable(cluster.measured, permuted),
  };
}

/** The cluster with only the groups that `keep` accepts, numbered anew. */
export function onlyGroups(cluster: Cluster, keep: (group: NodeGroup) => boolean): Cluster {
  const kept = cluster.groups.filter(keep);
  const nodes = nodesByGroup(cluster);
  const nodesKept = kept.flatMap((group) => nodes[group.index]!);
  let firstDevice = 0;
  const groups = kept.map((group, index): NodeGroup => {
    const here = { ...group, index, firstDevice };
    firstDevice += group.nodes * group.gpusPerNode;
    return here;
  });
  const index = new Map(kept.map((group, i) => [group.index, i]));
  const links = cluster.links
    .filter(({ from, to }) => index.has(from) && index.has(to))
    .map((link) => ({ ...link, from: index.get(link.from)!, to: index.get(link.to)! }));
  const part = (matrix: Matrix) => nodesKept.map((row) => nodesKept.map((column) => matrix[row]![column]!));
  const { measured } = cluster;
  return {
    ...cluster,
    groups: withoutGone(groups),
    links,
    ...(measured === undefined ? {} : { measured: eachTable(measured, part) }),
  };
}

function eachTable(
  { bandwidth, latency, perFlow }: MeasuredLinks,
  change: (matrix: Matrix) => Matrix,
): MeasuredLinks {
  return {
    bandwidth: change(bandwidth),
    latency: latency === null ? null : change(latency),
    perFlow: perFlow === null ? null : change(perFlow),
  };
}
