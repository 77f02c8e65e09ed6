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
      const { bandwidth, efficiency } = loadLink(id);
      const rate = bandwidth * efficiency * c.networkDerating;
      expect(reached(cluster(`link: ${id}, perNode: 8`)) / rate).toBeCloseTo(1, 3);
    }
    for (const derating of [c.networkDerating, c.networkAllToAll]) {
      expect(derating).toBeGreaterThan(0.9);
      expect(derating).toBeLessThanOrEqual(1);
    }
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

  it('is a measured pair of nodes as it is, up to the wire', () => {
    const of = (rate: string) =>
      cluster('link: eth-400, perNode: 8', `measured: { bandwidth: [[null, "${rate}"], ["${rate}", null]] }`);
    expect(reached(of('240 GB/s')) / 30e9).toBeCloseTo(1, 3);
    expect(reached(of('900 GB/s')) / 50e9).toBeCloseTo(1, 3);
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
