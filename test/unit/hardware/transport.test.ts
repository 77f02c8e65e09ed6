import { describe, expect, it } from 'vitest';
import { clusterFromText } from '../../../src/catalogue/clusters.ts';
import type { Cluster } from '../../../src/domain/cluster.ts';
import { planTransports } from '../../../src/hardware/plan-transports.ts';
import { joinOf } from '../../../src/hardware/transport.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
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
