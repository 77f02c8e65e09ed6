import type { Cluster } from '../domain/cluster.ts';
import { nodeOfDevice, nodesByGroup } from '../domain/node-order.ts';

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
  if (nodes.length < 2) return null;
  const { bandwidth, latency } = cluster.measured;
  let least = Number.POSITIVE_INFINITY;
  let longest = 0;
  for (const [i, from] of nodes.entries()) {
    const to = nodes[(i + 1) % nodes.length]!;
    if (from === to) continue;
    least = Math.min(least, bandwidth[from]![to]!);
    if (latency !== null) longest = Math.max(longest, latency[from]![to]!);
  }
  return { bandwidthPerNode: least, latency: latency === null ? null : longest };
}

/** What was measured between nodes of these groups, the slowest pair of all; null when nothing was. */
export function measuredBetween(cluster: Cluster, groups: readonly number[]): MeasuredPath | null {
  if (cluster.measured === undefined) return null;
  const { bandwidth, latency } = cluster.measured;
  const nodes = nodesByGroup(cluster);
  let least = Number.POSITIVE_INFINITY;
  let longest = 0;
  for (const a of groups)
    for (const b of groups)
      for (const from of a === b ? [] : nodes[a]!)
        for (const to of nodes[b]!) {
          least = Math.min(least, bandwidth[from]![to]!);
          if (latency !== null) longest = Math.max(longest, latency[from]![to]!);
        }
  return { bandwidthPerNode: least, latency: latency === null ? null : longest };
}
