import { expect, it } from 'vitest';
import { loadCluster } from '../../../src/catalogue/clusters.ts';
import type { ReplicaBlock } from '../../../src/domain/plan.ts';
import { stageBoundary } from '../../../src/hardware/stage-boundary.ts';

it('copies that take unlike shares of the batch send over the same cards as copies that take equal ones', () => {
  const cluster = loadCluster('two-regions').value;
  const copies = (group: number, first: number, counts: readonly number[]): ReplicaBlock[] =>
    counts.map((count, i) => ({
      ...{ count, group, tp: 1, microBatches: 3 - i },
      firstDevice: cluster.groups[group]!.firstDevice + first + (counts[i - 1] ?? 0),
    }));
  const way = (counts: readonly number[]) =>
    stageBoundary(cluster, copies(0, 0, counts), copies(1, 0, counts), 1, false);
  expect(way([4, 6])).toEqual(way([10]));
  expect(way([4, 6]).together).not.toEqual(way([4]).together);
  expect(way([4, 6]).alone).toEqual(way([4]).alone);
});
