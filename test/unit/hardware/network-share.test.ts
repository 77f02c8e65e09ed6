import { describe, expect, it } from 'vitest';
import { clusterFromText } from '../../../src/catalogue/clusters.ts';
import { loadLink } from '../../../src/catalogue/links.ts';
import type { Cluster } from '../../../src/domain/cluster.ts';
import { coefficients } from '../../../src/hardware/coefficients.ts';
import { collectiveSeconds, pointToPointSeconds } from '../../../src/hardware/collective.ts';
import { networkRate } from '../../../src/hardware/network-share.ts';
import { spanAcross, spanOf } from '../../../src/hardware/span.ts';

const c = coefficients();
const LARGE = 2 ** 36;

function cluster(nic: string, rest = '', second = ''): Cluster {
  const group = (id: string, gpus: number, of: string) =>
    `  - { id: ${id}, gpu: h100-sxm, nodes: 2, gpusPerNode: ${gpus}, intraNode: nvlink4, nic: { ${of} } }`;
  const groups = [group('a', 8, nic), ...(second === '' ? [] : [group('b', 4, second)])];
  return clusterFromText(
    `schema: shardwright.cluster/1\ngroups:\n${groups.join('\n')}\n${rest}\n`,
    'ours.yaml',
  );
}

/** Bytes/s that each GPU of a pair on two nodes gets for large messages. */
const reached = (of: Cluster, stride = 8) => {
  const span = spanOf(of, 0, stride, 2);
  return (LARGE / pointToPointSeconds(span, LARGE, c)) * (1 + 1e-6);
};

describe('the share of the network that a GPU gets', () => {
  it('is wire rate times the efficiency of its link times a derating near 1', () => {
    for (const id of ['ib-ndr400', 'roce-400', 'eth-400', 'efa-p6-b200']) {
      const { bandwidth, efficiency, largeMessages } = loadLink(id);
      const rate = bandwidth * (largeMessages?.efficiency ?? efficiency) * c.networkDerating;
      expect(reached(cluster(`link: ${id}, perNode: 8`)) / rate).toBeCloseTo(1, 3);
    }
    for (const derating of [c.networkDerating, c.networkAllToAll]) {
      expect(derating).toBeGreaterThan(0.9);
      expect(derating).toBeLessThanOrEqual(1);
    }
  });

  it('falls from half of 100 GbE to a quarter where messages outgrow the buffers of sockets', () => {
    const { share } = spanOf(cluster('link: eth-100, perNode: 8'), 0, 8, 2);
    const part = (mebibytes: number) => networkRate(share, 1, mebibytes * 2 ** 20) / 12.5e9;
    // What fills the way, 1 MB, counts once more.
    const full = (mebibytes: number) => part(mebibytes) * (1 + 1e6 / (mebibytes * 2 ** 20));
    for (const [size, share] of [
      [1, 0.45],
      [16, 0.45],
      [64, 0.25],
      [4096, 0.25],
    ] as const)
      expect(full(size)).toBeCloseTo(share, 9);
    const [a, b, d] = [20, 30, 40].map(part) as [number, number, number];
    expect(a > b && b > d && a < 0.45 && d > 0.25).toBe(true);
    const seconds = [16, 24, 32, 48, 64, 96].map((size) => size / part(size));
    expect(seconds.toSorted((x, y) => x - y)).toEqual(seconds);
  });

  it('is what one card gives to sockets where RDMA does not join the members', () => {
    const both = cluster('link: ib-hdr200, perNode: 4', '', 'link: roce-25, perNode: 2');
    const { nominal } = spanOf(both, 8, 8, 2).share;
    expect(nominal).toBeCloseTo((3.125e9 * loadLink('eth-25').efficiency) / 4, 0);
    const told = cluster(
      'link: ib-hdr200, perNode: 4',
      'links: [{ between: [a, b], bandwidthPerNode: 5 GB/s, layer: tcp, latency: 60 us }]',
      'link: roce-25, perNode: 2',
    );
    expect(networkRate(spanOf(told, 8, 8, 2).share, 0.9)).toBeCloseTo(5e9 / 8, 0);
  });

  it('makes every collective slower on links of lower efficiency', () => {
    const [ib, eth] = ['ib-ndr400', 'eth-400'].map((id) =>
      spanOf(cluster(`link: ${id}, perNode: 8`), 0, 1, 16),
    );
    for (const collective of ['allReduce', 'allGather', 'reduceScatter', 'allToAll'] as const)
      expect(
        collectiveSeconds(eth!, collective, LARGE, c) / collectiveSeconds(ib!, collective, LARGE, c),
      ).toBeGreaterThan(2);
  });

  it('is a measured port as it is, whatever the link and the fit say', () => {
    const of = (link: string) => cluster(`link: ${link}, perNode: 8, measured: 20 GB/s`);
    for (const link of ['ib-ndr400', 'eth-400']) expect(reached(of(link)) / 20e9).toBeCloseTo(1, 3);
    expect(() => cluster('link: eth-25, perNode: 1, measured: 40 GB/s')).toThrow(/measured is "40 GB\/s"/);
  });

  it('is a measured pair of nodes as it is; above the wire it is refused', () => {
    const of = (rate: string) =>
      cluster('link: eth-400, perNode: 8', `measured: { bandwidth: [[null, "${rate}"], ["${rate}", null]] }`);
    expect(reached(of('240 GB/s')) / 30e9).toBeCloseTo(1, 3);
    expect(() => of('900 GB/s')).toThrow(/900 GB\/s, and the cards of a node have 400 GB\/s/);
  });

  it('is that of the slower end, by what each GPU of it gets', () => {
    // 8 GPUs on 4 ports against 4 GPUs on 4 ports.
    const both = cluster('link: ib-ndr400, perNode: 4', '', 'link: ib-ndr400, perNode: 4');
    expect(networkRate(spanOf(both, 8, 8, 2).share, 1)).toBeCloseTo((50e9 * 0.95) / 2, 0);
    expect(networkRate(spanOf(both, 16, 4, 2).share, 1)).toBeCloseTo(50e9 * 0.95, 0);
    expect(networkRate(spanAcross(both, [0, 1], 8).share, 1)).toBeCloseTo((50e9 * 0.95) / 2, 0);
  });

  it('counts a kind of link between groups with its efficiency, and a stated rate as it is', () => {
    const links = (of: string) =>
      cluster(
        'link: ib-ndr400, perNode: 8',
        `links: [{ between: [a, b], ${of} }]`,
        'link: ib-ndr400, perNode: 4',
      );
    const rate = (of: string) => networkRate(spanOf(links(of), 8, 8, 2).share, 0.9);
    expect(rate('link: eth-100')).toBeCloseTo((12.5e9 * 0.45 * 0.9) / 8, 0);
    expect(rate('bandwidthPerNode: 8 GB/s')).toBeCloseTo(1e9, 0);
    expect(rate('sharedBandwidth: 16 GB/s')).toBeCloseTo(2e9, 0);
  });

  it('counts a slow link between the nodes of one group in a ring that goes on to others', () => {
    const inside = cluster(
      'link: ib-ndr400, perNode: 8',
      'links: [{ between: [a, a], bandwidthPerNode: 8 GB/s }]',
      'link: ib-ndr400, perNode: 4',
    );
    expect(networkRate(spanOf(inside, 0, 8, 3).share, 1)).toBeCloseTo(1e9, 0);
    expect(networkRate(spanOf(inside, 8, 8, 2).share, 1)).toBeCloseTo(50e9 * 0.95, 0);
  });
});
