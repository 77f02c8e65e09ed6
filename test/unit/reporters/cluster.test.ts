import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { clusterFromText, loadCluster } from '../../../src/catalogue/clusters.ts';
import { clusterDocument, clusterTable } from '../../../src/reporters/cluster.ts';
import { expectNarrow, NARROW, tableOf } from './fixture.ts';

const CLUSTERS = readdirSync('configs/clusters').map((file) => file.replace('.yaml', ''));
const count = (text: string) => Number(text.replaceAll(',', ''));

it.each([80, 160])('a cluster has all its groups, which sum to its GPUs, on %i columns', (columns) => {
  for (const name of CLUSTERS) {
    const cluster = loadCluster(name).value;
    const text = clusterTable(cluster, { columns, color: false });
    expectNarrow(text, columns);
    const groups = tableOf(text, 'group').filter((row) => row.length >= 5);
    expect(groups.map(([id]) => id)).toEqual(cluster.groups.map(({ id }) => id));
    const gpus = groups.map(([, gpus]) => /^(\d+) × (\d+) /.exec(gpus!)!);
    const all = gpus.reduce((sum, [, nodes, each]) => sum + Number(nodes) * Number(each), 0);
    expect(count(/: ([\d,]+) GPUs/.exec(text)![1]!), name).toBe(all);
    for (const { nodes, intraNode, nic } of cluster.groups) {
      expect(text).toContain(intraNode.id);
      if (nodes > 1) expect(text).toContain(`${nic.perNode} × ${nic.link.id}`);
    }
  }
});

/** Groups of so many nodes with these cards. */
function cluster(nics: readonly string[], rest = '', group = '') {
  const groups = nics.map(
    (nic, i) =>
      `  - { id: g${i}, gpu: h100-sxm, nodes: 2, gpusPerNode: 8, intraNode: nvlink4, nic: { perNode: 8, ${nic} }${group} }`,
  );
  return clusterFromText(`schema: shardwright.cluster/1\ngroups:\n${groups.join('\n')}\n${rest}\n`, 'x.yaml');
}
const shown = (...args: Parameters<typeof cluster>) => clusterTable(cluster(...args), NARROW);
const ib = 'link: ib-ndr400';
const roce = 'link: roce-400';

describe('how groups of a cluster are joined', () => {
  it.each([
    [[ib, ib], '', 'g0 to g1: RDMA (InfiniBand), 380 GB/s a node, latency 20.0 us, assumed'],
    [
      [`${ib}, fabric: f`, `${ib}, fabric: f`],
      '',
      'g0 to g1: RDMA (InfiniBand), 380 GB/s a node, latency 20.0 us, stated',
    ],
    [[ib, roce], '', 'g0 to g1: TCP sockets (InfiniBand and RoCE)'],
    [
      [ib, ib],
      'links: [{ between: [g0, g1], layer: tcp, bandwidthPerNode: 3 GB/s, sharedBandwidth: 5 GB/s, latency: 50 us }]',
      'g0 to g1: TCP sockets, 3.00 GB/s a node, 5.00 GB/s in all, latency 130 us, stated',
    ],
    [[ib, ib, ib], '', 'g0 to g1 and 2 more pairs: RDMA (InfiniBand)'],
  ])('%j %s', (nics, rest, line) => {
    expect(shown(nics, rest).replaceAll(/\n {2}/g, ' ')).toContain(line);
  });

  it('is in the document with every pair', () => {
    const { joins } = clusterDocument(cluster([ib, ib, roce]), '');
    expect(joins.map(({ pairs, transport, by }) => ({ pairs, transport, by }))).toEqual([
      { pairs: [['g0', 'g1']], transport: 'rdma', by: 'assumed' },
      {
        pairs: [
          ['g0', 'g2'],
          ['g1', 'g2'],
        ],
        transport: 'socket',
        by: 'assumed',
      },
    ]);
  });
});

it('a card has its layer and fabric; a lone node that states none needs none', () => {
  expect(shown([`${ib}, fabric: east`])).toMatch(/InfiniBand east/);
  const lone = 'groups: [{ id: a, gpu: h100-sxm, nodes: 1, gpusPerNode: 8, intraNode: nvlink4 }]';
  const text = clusterTable(clusterFromText(`schema: shardwright.cluster/1\n${lone}\n`, 'x.yaml'), NARROW);
  expect(text).toMatch(/ not stated$/m);
  expect(text).toMatch(/a single node, no network needed/);
  expect(clusterTable(loadCluster('dgx-h100-8').value, NARROW)).toContain('8 × ib-ndr400');
});

it('what was measured is told', () => {
  const rows = [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => (i === j ? 'null' : `${10 + i + j} GB/s`)));
  const matrix = (key: string) => `${key}: [${rows.map((row) => `[${row.join(', ')}]`).join(', ')}]`;
  const text = shown(
    [ib, ib],
    `measured: { ${matrix('bandwidth')}, ${matrix('perFlow')} }`,
    ', powerCap: 500 W, collectives: [{ collective: allReduce, gpus: 8, lines: [{ latency: 20 us, bandwidth: 100 GB/s }] }]',
  ).replaceAll(/\n {2}/g, ' ');
  expect(text).toContain('g0 to g1: RDMA (InfiniBand), 12.0 GB/s a node, latency 20.0 us, measured');
  expect(text).toContain(
    'measured between each two of 4 nodes: 11.0 GB/s to 15.0 GB/s (median 13.0 GB/s) a node',
  );
  expect(text).toContain('g1: power capped at 500 W of 700 W a GPU');
  expect(text).toContain('g0: collectives measured inside a node: allReduce of 8 GPUs');
});

it('many groups are told in short', () => {
  const text = clusterTable(cluster(new Array(60).fill(ib)), NARROW);
  expect(text).toContain('… and 36 more groups');
  expect(text).toContain('g0 to g1 and 1,769 more pairs');
  expect(text).toContain('Assumed: host names made up for g0, g1, g2 … (60).');
  expect(text).toContain('Assumed: no link states how g0, g1, g2 … (60) are joined: one InfiniBand fabric.');
  expect(text.split('\n').length).toBeLessThan(90);
});
