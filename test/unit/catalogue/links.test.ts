import { describe, expect, it } from 'vitest';
import { clusterFromText } from '../../../src/catalogue/clusters.ts';
import { loadLink } from '../../../src/catalogue/links.ts';
import type { Cluster } from '../../../src/domain/cluster.ts';

function cluster(links: string, nics: readonly string[] = ['link: ib-hdr200', 'link: ib-hdr200']): Cluster {
  const [one, other] = nics;
  const group = (id: string, nic: string) =>
    `  - { id: ${id}, gpu: a100-80-sxm, nodes: 2, gpusPerNode: 8, intraNode: nvlink3, nic: { perNode: 4, ${nic} } }`;
  return clusterFromText(
    `schema: shardwright.cluster/1\ngroups:\n${group('a', one!)}\n${group('b', other!)}\nlinks: [${links}]\n`,
    'links.yaml',
  );
}
const between = (rest: string) => `{ between: [a, b], ${rest} }`;

describe('a link that cannot be is an error that names it', () => {
  it.each([
    ['no bandwidth', between('latency: 5 us'), /the link between a and b states no bandwidth/],
    [
      'a bandwidth of zero',
      between('bandwidthPerNode: 0 GB/s'),
      /bandwidthPerNode of the link between a and b is "0 GB\/s"/,
    ],
    ['an infinite one', between('sharedBandwidth: .inf'), /links\.yaml/],
    [
      'a negative latency',
      between('bandwidthPerNode: 1 GB/s, latency: -5 us'),
      /latency of the link between a and b is "-5 us"/,
    ],
    [
      'a latency of zero',
      between('bandwidthPerNode: 1 GB/s, latency: 0 us'),
      /latency of the link between a and b/,
    ],
    ['a link of a node', between('link: nvlink3'), /"nvlink3" is not a network/],
    ['two layers', between('link: eth-25, layer: roce'), /layer is "roce", and eth-25 is tcp/],
    [
      'another layer than the cards',
      between('link: roce-100'),
      /the link between a and b is RoCE, and the cards of a are InfiniBand/,
    ],
    [
      'a pair twice',
      `${between('link: eth-25')}, { between: [b, a], bandwidthPerNode: 1 GB/s, latency: 1 us }`,
      /a second link between b and a/,
    ],
  ])('%s', (_, links, message) => {
    expect(() => cluster(links)).toThrow(message);
  });
});

describe('a link without a latency has that of its class', () => {
  it.each([
    ['the cards’ layer', between('bandwidthPerNode: 10 GB/s'), 'ib-ndr400'],
    ['the layer that it states', between('bandwidthPerNode: 10 GB/s, layer: tcp'), 'eth-100'],
    ['its own kind', between('link: eth-25'), 'eth-25'],
  ])('%s', (_, links, kind) => {
    const {
      links: [link],
    } = cluster(links);
    expect(link!.latency).toBe(loadLink(kind).latency);
  });
});

describe('a join that no link states is told', () => {
  const told = (of: Cluster) => of.assumptions.filter((one) => !/host names/.test(one));

  it('as one fabric where the cards are alike', () => {
    expect(told(cluster(''))).toEqual(['no link states how a and b are joined: one InfiniBand fabric']);
    const named = ['link: ib-hdr200, fabric: f', 'link: ib-hdr200, fabric: f'];
    expect(told(cluster('', named))).toEqual([]);
  });

  it('as sockets where they are not', () => {
    expect(told(cluster('', ['link: ib-hdr200', 'link: roce-200']))).toEqual([
      'no link states how a (InfiniBand) and b (RoCE) are joined: TCP sockets, at most 8.75 GB/s a node',
    ]);
  });
});
