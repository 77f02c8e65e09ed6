import type { Cluster } from '../domain/cluster.ts';
import { nodesByGroup } from '../domain/node-order.ts';

/** Nearest neighbours: each place takes the node, of those left in its group, with the best link from the one before. */
export function greedyOrder(cluster: Cluster): number[] {
  const order: number[] = [];
  const bandwidth = cluster.measured?.bandwidth;
  for (const group of nodesByGroup(cluster)) {
    const left = [...group];
    while (left.length > 0) {
      const before = order.at(-1);
      let next = 0;
      if (before !== undefined && bandwidth !== undefined) {
        for (const [i, node] of left.entries())
          if (bandwidth[before]![node]! > bandwidth[before]![left[next]!]!) next = i;
      }
      order.push(...left.splice(next, 1));
    }
  }
  return order;
}
