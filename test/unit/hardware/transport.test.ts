import { describe, expect, it } from 'vitest';
import { clusterFromText } from '../../../src/catalogue/clusters.ts';
import type { Cluster } from '../../../src/domain/cluster.ts';
import { pairSpan, spanOf } from '../../../src/hardware/span.ts';
import { joinOf } from '../../../src/hardware/transport.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { planTransports } from '../../fixtures/plan-transports.ts';
import { problem } from '../../fixtures/problem.ts';

/** Groups of two nodes by network, and what follows them in the file. */
function cluster(nics: readonly string[], rest = ''): Cluster {
  const groups = nics.map(
    (nic, i) =>
      `  - { id: g${i}, gpu: a100-80-sxm, nodes: 2, gpusPerNode: 8, intraNode: nvlink3, nic: { perNode: 4, ${nic} } }`,
  );
  return clusterFromText(`schema: shardwright.cluster/1\ngroups:\n${groups.join('\n')}\n${rest}\n`, 'x.yaml');
}
const ib = 'link: ib-hdr200';
const roce = 'link: roce-200';

describe('how two node groups reach each other', () => {
  it.each([
    ['cards of one layer', [ib, ib], '', { transport: 'rdma', stated: false }],
    ['InfiniBand and RoCE', [ib, roce], '', { transport: 'socket', stated: false }],
    ['Ethernet', ['link: eth-25', 'link: eth-25'], '', { transport: 'socket', stated: false }],
    ['one fabric', [`${ib}, fabric: f`, `${ib}, fabric: f`], '', { transport: 'rdma', stated: true }],
    ['two fabrics', [`${ib}, fabric: f`, `${ib}, fabric: g`], '', { transport: 'socket', stated: false }],
    [
      'an InfiniBand link',
      [ib, ib],
      'links: [{ between: [g0, g1], link: ib-edr100 }]',
      { transport: 'rdma', stated: true },
    ],
    [
      'an Ethernet link',
      [ib, ib],
      'links: [{ between: [g0, g1], link: eth-25 }]',
      { transport: 'socket', stated: true },
    ],
    [
      'a link of a layer of its own',
      [ib, roce],
      'links: [{ between: [g0, g1], bandwidthPerNode: 3 GB/s, layer: tcp, latency: 50 us }]',
      { transport: 'socket', stated: true },
    ],
  ])('%s', (_, nics, rest, join) => {
    expect(joinOf(cluster(nics, rest), 0, 1)).toEqual(join);
  });
});

it('a pair takes the networks of its ends, not those of groups that lie between in the file', () => {
  const nics = [ib, 'link: eth-25', ib];
  const way = (groups: Cluster) => {
    const { transport, network, share } = pairSpan(groups, 0, groups.groups.at(-1)!.firstDevice);
    return { transport, network: network.id, share };
  };
  expect(way(cluster(nics))).toEqual(way(cluster([ib, ib])));
  expect(spanOf(cluster(nics), 0, 8, 5).transport).toBe('socket');
});

describe('groups of two vendors', () => {
  const pair = (nic: string, gpu: string, rest = '') =>
    clusterFromText(
      `schema: shardwright.cluster/1
groups:
  - { id: green, gpu: h100-sxm, nodes: 2, gpusPerNode: 8, intraNode: nvlink4, nic: { perNode: 8, ${nic} } }
  - { id: red, gpu: ${gpu}, nodes: 2, gpusPerNode: 8, intraNode: pcie5-x16-p2p, nic: { perNode: 8, ${nic} } }
${rest}\n`,
      'x.yaml',
    );
  const apart = { transport: 'socket', stated: false, vendorsApart: true };

  it.each(['mi300x', 'gaudi3'])('meet over host memory, %s too, whatever the fabric', (gpu) => {
    const link = 'links: [{ between: [green, red], link: ib-ndr400 }]';
    expect(joinOf(pair('link: ib-ndr400', gpu), 0, 1)).toEqual(apart);
    expect(joinOf(pair('link: ib-ndr400, fabric: f', gpu), 0, 1)).toEqual(apart);
    expect(joinOf(pair('link: ib-ndr400', gpu, link), 0, 1)).toEqual(apart);
    expect(joinOf(pair('link: ib-ndr400', 'h200-sxm', link), 0, 1)).toEqual({
      transport: 'rdma',
      stated: true,
    });
  });

  it('say what was taken, unless the file states what sockets reach', () => {
    const { assumptions } = pair('link: ib-ndr400, fabric: f', 'mi300x');
    expect(assumptions.join('\n')).toMatch(
      /no one library of the vendors joins green \(NVIDIA\) and red \(AMD\): TCP sockets \(Gloo\), at most .* a node; FlagCX/,
    );
    const reached =
      'links: [{ between: [green, red], layer: tcp, bandwidthPerNode: 30 GB/s, latency: 20 us }]';
    const told = pair('link: ib-ndr400', 'mi300x', reached);
    expect(joinOf(told, 0, 1)).toEqual({ transport: 'socket', stated: true });
    expect(told.assumptions.join('\n')).not.toMatch(/FlagCX/);
  });

  it('send over sockets what groups of one vendor send by RDMA', () => {
    const rate = (gpu: string) => pairSpan(pair('link: ib-ndr400', gpu), 0, 16).share.nominal;
    expect(rate('mi300x')).toBeLessThan(rate('h200-sxm') / 4);
  });
});

describe('what carries the process groups of a plan', () => {
  const mixed = { ...problem('llama-3.1-8b', 'dgx-a100-8'), cluster: cluster([ib, roce]) };
  const of = (text: string) => {
    const outcome = planOf(mixed, parseConfiguration(text));
    if ('rule' in outcome) throw new Error(outcome.limit);
    return planTransports(mixed.cluster, outcome.plan);
  };

  it('keeps data parallelism on RDMA where pipeline stages are islands', () => {
    expect(of('tp=4,pp=2,dp=4,micro-batch=1')).toMatchObject({
      tensor: 'domain',
      data: 'rdma',
      pipeline: 'socket',
      world: 'socket',
    });
  });

  it('puts data parallelism across islands on sockets', () => {
    expect(of('tp=8,dp=4,micro-batch=1')).toMatchObject({ data: 'socket', pipeline: 'domain' });
  });
});
