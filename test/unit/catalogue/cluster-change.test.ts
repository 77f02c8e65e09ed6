import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ClusterChange } from '../../../src/catalogue/cluster-change.ts';
import { loadCluster } from '../../../src/catalogue/clusters.ts';
import { deviceCount } from '../../../src/domain/cluster.ts';

const ofGroup = (group: string, key: string, value: string | number): ClusterChange => ({
  of: { group },
  key,
  value,
});
const loaded = (name: string, change: ClusterChange) => loadCluster(name, change).value;

function written(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'change-')), 'cluster.yaml');
  writeFileSync(path, text);
  return path;
}

const NAMED = `schema: shardwright.cluster/1
name: named
groups:
  - { id: a, gpu: h100-sxm, nodes: 2, gpusPerNode: 8, intraNode: nvlink4, nic: { link: ib-ndr400, perNode: 8 }, hosts: [x, y] }
`;

describe('a cluster with one quantity changed', () => {
  it('is what the file would be with it', () => {
    const cluster = loaded('mixed-a100-v100', ofGroup('v100', 'nodes', 5));
    const same = loadCluster('mixed-a100-v100').value;
    expect(cluster.name).toBe('v100 nodes=5');
    expect(cluster.groups.map(({ nodes }) => nodes)).toEqual(
      same.groups.map(({ id, nodes }) => (id === 'v100' ? 5 : nodes)),
    );
    expect(deviceCount(cluster)).toBe(
      cluster.groups.reduce((sum, group) => sum + group.nodes * group.gpusPerNode, 0),
    );
    expect(loaded('dgx-h100-64', ofGroup('h100', 'nic.perNode', 4)).groups[0]!.nic.perNode).toBe(4);
    expect(loaded('dgx-h100-64', ofGroup('h100', 'pricePerGpuHour', 1.5)).groups[0]!.dollarsPerGpuHour).toBe(
      1.5,
    );
  });

  it('changes a link between two groups, named in either order', () => {
    const link = (change: ClusterChange) => loaded('two-regions', change).links[0]!;
    const of = { link: ['east', 'west'] } as const;
    expect(link({ of, key: 'sharedBandwidth', value: '5 GB/s' }).sharedBandwidth).toBe(5e9);
    expect(link({ of, key: 'latency', value: '1 ms' }).latency).toBeCloseTo(1e-3, 12);
  });

  it('has hosts without names where their number changes', () => {
    const path = written(NAMED);
    expect(loaded(path, ofGroup('a', 'nodes', 3)).groups[0]!.hosts).toHaveLength(3);
    expect(loaded(path, ofGroup('a', 'powerCap', '500 W')).groups[0]!.hosts).toEqual(['x', 'y']);
  });

  it('is refused as the file would be, and where measured links would go on as they were', () => {
    // Of the flag, for no line of the file says so.
    expect(() => loaded('dgx-h100-64', ofGroup('h100', 'nodes', 0))).toThrow(
      /^--what-if h100 nodes=0: nodes is 0/,
    );
    expect(() => loaded('dgx-h100-64', ofGroup('h100', 'gpu', 'h1000'))).toThrow(/^--what-if.*"h1000"/);
    const wrong = written(NAMED.replace('h100-sxm', 'h1000'));
    expect(() => loaded(wrong, ofGroup('a', 'nodes', 4))).toThrow(/^.*cluster\.yaml:\d+:\d+: .*"h1000"/);
    expect(() => loaded('dgx-h100-64', ofGroup('h200', 'nodes', 4))).toThrow(
      /group of the cluster file: h100/,
    );
    expect(() => loaded('dgx-h100-64', { of: { link: ['a', 'b'] }, key: 'latency', value: '1 ms' })).toThrow(
      /states its links/,
    );
    const measured = written(`${NAMED}measured:\n  bandwidth: [[null, 40 GB/s], [40 GB/s, null]]\n`);
    expect(() => loaded(measured, ofGroup('a', 'nodes', 4))).toThrow(/links that were measured/);
    expect(loaded(measured, ofGroup('a', 'powerCap', '500 W')).groups[0]!.powerCapWatts).toBe(500);
  });
});
