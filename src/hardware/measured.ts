import type { Cluster, MeasuredLinks } from '../domain/cluster.ts';
import { nodeOfDevice, nodesByGroup } from '../domain/node-order.ts';
import { hostNumbers } from './host-numbers.ts';

/** Some members: `size` of them, `stride` devices apart, from `firstDevice` on in device order. */
export interface Members {
  readonly firstDevice: number;
  readonly stride: number;
  readonly size: number;
}

/** What measured links allow a ring of devices: the slowest pair of neighbouring nodes, in ring direction. */
export interface MeasuredPath {
  /** Bytes/s of the whole node. */
  readonly bandwidthPerNode: number;
  /** Seconds one way; null when only bandwidth was measured. */
  readonly latency: number | null;
  /** Bytes/s of one flow alone; null when only whole nodes were measured. */
  readonly perFlow: number | null;
}

/** Of members in runs of devices, as ranks go; null when nothing was measured or all stand on one node. */
export function measuredRing(cluster: Cluster, runs: readonly Members[]): MeasuredPath | null {
  if (cluster.measured === undefined) return null;
  const nodes: number[] = [];
  for (const { firstDevice, stride, size } of runs) {
    for (let k = 0; k < size; k++) {
      const node = nodeOfDevice(cluster, firstDevice + k * stride);
      if (nodes.at(-1) !== node) nodes.push(node);
    }
  }
  if (nodes.length > 1 && nodes[0] === nodes.at(-1)) nodes.pop();
  const pairs = nodes.map((from, i) => [from, nodes[(i + 1) % nodes.length]!] as const);
  return slowestOf(cluster, cluster.measured, pairs);
}

/** What was measured between nodes of these groups, the slowest pair of all; null when nothing was. */
export function measuredBetween(cluster: Cluster, groups: readonly number[]): MeasuredPath | null {
  if (cluster.measured === undefined) return null;
  const nodes = nodesByGroup(cluster);
  const pairs = groups.flatMap((a) =>
    groups.flatMap((b) =>
      a === b ? [] : nodes[a]!.flatMap((from) => nodes[b]!.map((to) => [from, to] as const)),
    ),
  );
  return slowestOf(cluster, cluster.measured, pairs);
}

/** The worst of some pairs of nodes, figure by figure; null where each pair is one host. */
function slowestOf(
  cluster: Cluster,
  { bandwidth, latency, perFlow }: MeasuredLinks,
  pairs: readonly (readonly [number, number])[],
): MeasuredPath | null {
  let [node, flow, longest] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0];
  const hosts = hostNumbers(cluster)?.flat();
  const apart = pairs.filter(([from, to]) => (hosts?.[from] ?? from) !== (hosts?.[to] ?? to));
  if (apart.length === 0) return null;
  for (const [from, to] of apart) {
    node = Math.min(node, bandwidth[from]![to]!);
    if (perFlow !== null) flow = Math.min(flow, perFlow[from]![to]!);
    if (latency !== null) longest = Math.max(longest, latency[from]![to]!);
  }
  return {
    bandwidthPerNode: node,
    latency: latency === null ? null : longest,
    perFlow: perFlow === null ? null : flow,
  };
}
