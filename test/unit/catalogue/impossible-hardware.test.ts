import { describe, expect, it } from 'vitest';
import { clusterFromText, listClusters, loadCluster } from '../../../src/catalogue/clusters.ts';

const group = (gpu: string, link: string) =>
  clusterFromText(
    `schema: shardwright.cluster/1
groups:
  - { id: a, gpu: ${gpu}, nodes: 2, gpusPerNode: 8, intraNode: ${link}, nic: { link: ib-hdr200, perNode: 8 } }
`,
    'x.yaml',
  );

describe('GPUs that are joined by what they are not built with', () => {
  it.each([
    ['a100-80-sxm', 'xgmi-mi300x', /x\.yaml:3:.*joins GPUs of AMD, and .*A100.* is of NVIDIA/],
    ['mi300x', 'nvlink4', /joins GPUs of NVIDIA, and AMD .* is of AMD\n {2}expected: xgmi-mi300x, or PCIe/],
    ['t4', 'nvlink2', /T4 has no such ports\n {2}expected: PCIe/],
    ['a100-80-sxm', 'nvlink4', /has 450 GB\/s, and .*A100.* 300 GB\/s\n {2}expected: nvlink3, or PCIe/],
    ['h100-sxm', 'ici-v5p', /joins GPUs of Google/],
    ['h800-sxm', 'nvlink4', /expected: nvlink4-h800/],
  ])('%s by %s', (gpu, link, message) => {
    expect(() => group(gpu, link)).toThrow(message);
  });

  it.each([
    ['h100-sxm', 'nvlink3'],
    ['a100-80-pcie', 'nvlink3-bridge'],
    ['mi300x', 'pcie5-x16-p2p'],
    ['rtx-4090', 'pcie4-x16-nop2p'],
  ])('%s by %s is taken', (gpu, link) => {
    expect(group(gpu, link).groups[0]!.intraNode.id).toBe(link);
  });

  it.each(listClusters())('%s is possible', (name) => {
    expect(loadCluster(name).value.groups.length).toBeGreaterThan(0);
  });
});
