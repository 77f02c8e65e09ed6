import { describe, expect, it } from 'vitest';
import { loadCluster } from '../../../src/catalogue/clusters.ts';
import { deviceCount } from '../../../src/domain/cluster.ts';
import { sizesBetween } from '../../../src/search/node-sizes.ts';

const sizes = (cluster: string, from: number, to: number) =>
  sizesBetween(loadCluster(cluster).value, from, to);

describe('sizes of a sweep over GPUs', () => {
  it('are whole nodes where they are few', () => {
    expect(sizes('dgx-h100-64', 8, 64)).toEqual([8, 16, 24, 32, 40, 48, 56, 64]);
  });

  it('have both ends, and double within a node', () => {
    expect(sizes('dgx-h100-64', 1, 20)).toEqual([1, 2, 4, 8, 16, 20]);
    expect(sizes('dgx-h100-64', 12, 12)).toEqual([12]);
  });

  it('are fewer of each doubling where they are many', () => {
    expect(sizes('dgx-h100-512', 64, 512)).toEqual([
      64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512,
    ]);
    expect(sizes('dgx-h100-512', 8, 512)).toEqual([8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512]);
  });

  it('have every number at which whole groups end', () => {
    for (const name of ['four-types-1024', 'mixed-a100-v100', 'mixed-64xh100-64xa100']) {
      const { value: cluster } = loadCluster(name);
      const all = sizes(name, 1, deviceCount(cluster));
      for (const { nodes, gpusPerNode } of cluster.groups) expect(all).toContain(nodes * gpusPerNode);
      expect(all).toContain(
        cluster.groups.slice(0, 2).reduce((sum, { nodes, gpusPerNode }) => sum + nodes * gpusPerNode, 0),
      );
      expect(all.length).toBeLessThan(40);
    }
  });
});
