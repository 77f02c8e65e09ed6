import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { joinKinds } from '../../../src/hardware/join-kinds.ts';
import { readFacts } from '../../../src/importers/formats/index.ts';
import { readFiles } from '../../../src/importers/formats/read-files.ts';
import { joinWords } from '../../../src/reporters/joins.ts';
import { imported } from '../../fixtures/imported.ts';

const text = (name: string) => readFileSync(`test/fixtures/discovery/field/${name}`, 'utf8');
const from = (...names: string[]) => imported(Object.fromEntries(names.map((name) => [name, text(name)])));

describe('network ports', () => {
  it('of an AWS p5 are EFA, by the names of its cards', () => {
    const [group] = from('11-aws-p5-topo.txt', '11b-h100-query.csv').cluster.groups;
    expect(group!.nic).toMatchObject({ perNode: 32, link: { layer: 'efa' } });
    expect(group!.nic.link.bandwidth * group!.nic.perNode).toBe(400e9);
    expect(group!.nic.devices).toHaveLength(32);
  });

  it('are no more than slots carry: two functions of a card are one card', () => {
    const [group] = from('03-h20-18nic-topo.txt', '03b-h20-query.csv').cluster.groups;
    expect(group!.nic.perNode).toBe(8);
    expect(group!.nic.link.bandwidth).toBeLessThanOrEqual(63e9);
  });

  it('reach the plateau of a table, not the slope of a line through small sizes', () => {
    const [group] = from('22e-osu-bw-full.txt', '08b-gh200-query.csv').cluster.groups;
    expect(group!.nic.measured! / 1e9).toBeCloseTo(24, 1);
    expect(group!.nic.link.bandwidth).toBe(25e9);
  });

  it('have the rate and layer that ibstat says', () => {
    const [group] = from('41-ibstat.txt', '11b-h100-query.csv').cluster.groups;
    expect(group!.nic).toMatchObject({ perNode: 8, link: { layer: 'infiniband', bandwidth: 50e9 } });
    expect(group!.nic.devices).not.toContain('mlx5_8');
  });
});

describe('links inside a host', () => {
  it('of four GH200 are 450 GB/s to three peers together and 150 to one', () => {
    const [group] = from('08-gh200x4-topo.txt', '08b-gh200-query.csv').cluster.groups;
    expect(group!.intraNode).toMatchObject({ topology: 'mesh', bandwidth: 450e9 });
    expect(group!.intraNode.bandwidth / (group!.gpusPerNode - 1)).toBe(150e9);
  });

  it('of two xGMI hives are those of four GPUs, joined by PCIe', () => {
    const { cluster } = from('31-mi100-2hives-topo.txt', '31b-mi100-product.txt');
    expect(cluster.groups.map((one) => [one.gpu.id, one.nodes, one.gpusPerNode])).toEqual([
      ['mi100', 1, 4],
      ['mi100', 1, 4],
    ]);
    for (const { intraNode, shared } of cluster.groups) {
      expect(intraNode.id).toMatch(/^xgmi/);
      expect(shared).toMatchObject({ gpus: 8, bus: { id: expect.stringMatching(/^pcie4/) } });
    }
  });

  it('are what p2pBandwidthLatencyTest measured', () => {
    const [group] = from('40-p2p-a100x4.txt').cluster.groups;
    expect(group).toMatchObject({
      gpu: { id: 'rtx-4090' },
      gpusPerNode: 2,
      intraNode: { id: 'pcie4-x16-p2p' },
    });
    expect((group!.intraNode.bandwidth * group!.intraNode.efficiency) / 1e9).toBeCloseTo(25.78, 2);
  });
});

describe('hosts', () => {
  it('with four kinds of GPU stay one', () => {
    const { cluster } = from('13-mixed-query.csv', '13b-mixed-topo.txt');
    expect(cluster.groups.map((one) => [one.gpu.id, one.gpusPerNode])).toEqual([
      ['rtx-4090', 2],
      ['rtx-5090', 2],
      ['rtx-a6000', 1],
      ['rtx-3090', 2],
    ]);
    expect(new Set(cluster.groups.flatMap((one) => one.hosts)).size).toBe(1);
    for (const { shared } of cluster.groups)
      expect(shared).toMatchObject({ gpus: 7, bus: { id: expect.stringMatching(/^pcie/) } });
    expect(cluster.groups.at(-1)!.intraNode.id).toBe('nvlink3-bridge-3090');
    const joins = joinKinds(cluster).map((kind) => joinWords(cluster, kind));
    expect(joins.length).toBeGreaterThan(0);
    for (const words of joins) expect(words).toMatch(/: same hosts over pcie4-x16-nop2p$/);
  });

  it('have the memory that their cards report', () => {
    const [group] = from('04-4090x8-topo.txt', '04c-4090-48gb-query.csv').cluster.groups;
    expect(group!.gpu.id).toMatch(/^rtx-4090/);
    expect(group!.gpu.memoryBytes / 2 ** 30).toBeGreaterThan(47);
    expect(group!.gpu.memoryBytes / 2 ** 30).toBeLessThanOrEqual(48);
  });

  it('are whole where a test used some of their GPUs', () => {
    const { cluster } = from('18-4090x4-allreduce.txt', '04b-4090-query.csv');
    expect(cluster.groups.map((one) => [one.nodes, one.gpusPerNode])).toEqual([[1, 8]]);
    const curve = cluster.groups[0]!.intraNode.collectives.find(
      ({ here, gpus }) => here === true && gpus === 4,
    )!;
    // 2 · 3/4 of the algorithm bandwidth; the table ends at 25.31.
    expect((1.5 * curve.lines.at(-1)!.bandwidth) / 1e9).toBeCloseTo(25.4, 0);
  });

  it('are those that a log of nccl-tests names', () => {
    const { cluster, draft } = from('19-p5-mpi-tagged.txt');
    expect(cluster.groups.map((one) => [one.gpu.id, one.nodes, one.gpusPerNode])).toEqual([
      ['h100-sxm', 2, 8],
    ]);
    expect(cluster.groups[0]!.hosts).toEqual(['ip-10-0-0-0', 'ip-10-0-0-1']);
    expect(draft.notes.join()).toMatch(/all_reduce on 16 ranks of 2 hosts \(.*\) is not used/);
  });

  it('of a log without devices are told by its columns', () => {
    const [curve] = readFacts(text('19c-p5-k8s-tagged-nodev.txt'), 'log.txt').curves;
    expect(curve).toMatchObject({ test: 'all_reduce', ranks: 16, unfit: null });
  });

  it('are told by options of rocm-smi in files of their own', () => {
    const { cluster } = from('30b-mi300x-vram-only.txt', '30c-mi300x-product.txt');
    expect(cluster.groups.map((one) => [one.gpu.id, one.nodes, one.gpusPerNode])).toEqual([['mi300x', 1, 8]]);
  });
});

describe('Slurm', () => {
  it('counts nodes of partitions, which may have them in common', () => {
    const { cluster, draft } = from('24-sinfo-partitions.txt');
    expect(cluster.groups.map((one) => [one.gpu.product.names[0], one.nodes, one.gpusPerNode])).toEqual([
      ['a100', 130, 4],
    ]);
    expect(draft.notes.join()).toMatch(
      /gpu, gpu1 may have nodes in common: 130 with 4 a100 counted \(131 if none is\)/,
    );
  });

  it('has GPU and count where nodes are not counted', () => {
    const { cluster } = from('24b-sinfo-csc.txt');
    expect(cluster.groups.map((one) => [one.gpu.product.names[0], one.gpusPerNode])).toEqual([
      ['v100', 4],
      ['a100', 4],
    ]);
  });

  it('is read with blanks between its fields', () => {
    const { cluster } = from('24d-sinfo-nodelist-gres.txt');
    expect(cluster.groups[0]!.hosts).toEqual([
      'n00101',
      'n00102',
      ...[4, 5, 6, 7, 8, 9].map((i) => `n001010${i}`),
      'n0010110',
    ]);
  });

  it('leaves slices and nodes that are down out', () => {
    const { cluster } = from('23b-scontrol-mixed.txt');
    expect(cluster.groups.map((one) => [one.gpu.id, one.gpusPerNode, one.hosts.join()])).toEqual([
      ['h100-sxm', 8, 'g01'],
      ['h100-sxm', 2, 'g02'],
      ['l40s', 4, 'g04'],
    ]);
  });

  it('with 18 trays of GB200 has a domain of 72', () => {
    const [group] = from('63-scontrol-gb200.txt').cluster.groups;
    expect(group).toMatchObject({ nodes: 18, gpusPerNode: 4, fastDomainGpus: 72 });
  });
});

describe('further tools', () => {
  it.each([
    ['14-L-h100.txt', 'h100-sxm', 8],
    ['15-smi-h20.txt', 'h20', 8],
    ['44-kubectl-describe.txt', 'h100-sxm', 8],
  ])('%s says which GPUs there are', (file, gpu, gpus) => {
    expect(from(file).cluster.groups.map((one) => [one.gpu.id, one.nodes, one.gpusPerNode])).toEqual([
      [gpu, 1, gpus],
    ]);
  });

  it('amd-smi has GPUs, memory and links', () => {
    const { cluster, draft } = from('34b-amd-smi-static.txt', '34-amd-smi-topology.txt');
    expect(cluster.groups[0]).toMatchObject({
      gpu: { id: 'mi300x' },
      gpusPerNode: 4,
      intraNode: { id: 'xgmi-mi300x' },
    });
    expect(readFacts(text('34b-amd-smi-static.txt'), 's').hosts[0]!.memoryMiB).toBe(196592);
    expect(draft.notes.join()).toMatch(/ends inside a block/);
  });

  it('kubectl has the ports of the instance', () => {
    const [group] = from('44-kubectl-describe.txt').cluster.groups;
    expect(group).toMatchObject({ hosts: ['gpu-node-0'], nic: { perNode: 32, link: { id: 'efa-p5' } } });
  });
});

describe('a file that cannot be read', () => {
  const files = [
    '11b-h100-query.csv',
    '13-mixed-query.csv',
    '63-scontrol-gb200.txt',
    '44-kubectl-describe.txt',
  ];

  it.each(files)('never stops %s', (name) => {
    const { facts, left } = readFiles([
      { name: 'notes.md', text: () => '# notes\n' },
      { name, text: () => text(name) },
    ]);
    expect(facts[1]).toEqual(readFacts(text(name), name));
    expect(left.map((error) => error.problem.message)).toEqual(['notes.md is of no known format']);
    expect(facts[0]!.notes).toEqual(['notes.md left out: notes.md is of no known format']);
  });

  it('alone is an error', () => {
    expect(() => readFiles([{ name: 'notes.md', text: () => '# notes\n' }])).toThrow(/no known format/);
  });
});
