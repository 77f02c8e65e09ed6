import { describe, expect, it } from 'vitest';
import { clusterFromText } from '../../../src/catalogue/clusters.ts';
import { loadLink } from '../../../src/catalogue/links.ts';
import type { Cluster } from '../../../src/domain/cluster.ts';
import { errorBand } from '../../../src/evaluate/error-band.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { coefficients } from '../../../src/hardware/coefficients.ts';
import { networkRate } from '../../../src/hardware/network-share.ts';
import { spanOf } from '../../../src/hardware/span.ts';
import { search } from '../../../src/search/search.ts';
import { problem } from '../../fixtures/problem.ts';

const c = coefficients();
const wan = loadLink('wan-same-continent');

/** Groups of one node by id and site. */
function cluster(groups: readonly (readonly [string, string | null])[], rest = ''): Cluster {
  const lines = groups.map(
    ([id, site]) =>
      `  - { id: ${id}, gpu: h100-sxm, nodes: 1, gpusPerNode: 8, intraNode: nvlink4, nic: { link: ib-ndr400, perNode: 8 }${site === null ? '' : `, site: ${site}`} }`,
  );
  return clusterFromText(
    `schema: shardwright.cluster/1\ngroups:\n${lines.join('\n')}\n${rest}\n`,
    'sites.yaml',
  );
}

const two = [
  ['a', 'oslo'],
  ['b', 'rome'],
] as const;

describe('sites', () => {
  it('that no link joins are joined by a slow network, which is told', () => {
    const { links, assumptions } = cluster(two);
    expect(links).toMatchObject([{ from: 0, to: 1, latency: wan.latency, provenance: 'assumed' }]);
    expect(assumptions.join('\n')).toMatch(
      /no link states the way between site oslo and site rome: wan-same-continent, 1\.00 GB\/s a node and 18/,
    );
    const span = spanOf(cluster(two), 0, 8, 2);
    expect(span.extraLatency).toBe(wan.latency);
    expect(networkRate(span.share, c.networkDerating)).toBeCloseTo((1e9 * c.networkDerating) / 8, 0);
  });

  it('that a link joins take it, by the names of groups or of sites', () => {
    const three = [...two, ['b2', 'rome']] as const;
    for (const between of ['[oslo, rome]', '[rome, a]']) {
      const { links, assumptions } = cluster(
        three,
        `links: [{ between: ${between}, bandwidthPerNode: 8 GB/s, latency: 9 ms }]`,
      );
      const pairs = links.map(({ from, to }) => [from, to].sort()).sort();
      expect(pairs).toEqual([
        [0, 1],
        [0, 2],
      ]);
      for (const link of links) {
        expect(link.bandwidthPerNode).toBe(8e9);
        expect(link.latency).toBeCloseTo(9e-3, 9);
      }
      expect(assumptions.filter((one) => /site/.test(one))).toEqual([]);
    }
    expect(cluster(three, 'links: [{ between: [a, b], link: wan-us-eu }]').links).toHaveLength(2);
  });

  it('are one where the file names none, and apart where only some groups name theirs', () => {
    const none = cluster([
      ['a', null],
      ['b', null],
    ]);
    expect(none.links).toEqual([]);
    const some = cluster([
      ['a', 'oslo'],
      ['b', null],
    ]);
    expect(some.links).toHaveLength(1);
    expect(some.assumptions.join('\n')).toMatch(/between site oslo and b, which states no site,/);
  });

  it('whose nodes were measured need no assumption', () => {
    const { links } = cluster(two, 'measured: { bandwidth: [[null, "2 GB/s"], ["2 GB/s", null]] }');
    expect(links).toEqual([]);
  });

  it('joined without a latency say so', () => {
    const { assumptions } = cluster(two, 'links: [{ between: [oslo, rome], sharedBandwidth: 10 GB/s }]');
    expect(assumptions.join('\n')).toMatch(
      /the link between site oslo and site rome states no latency: 18\.0 ms, as of wan-same-continent/,
    );
  });

  it('of an unknown name are an error that lists groups and sites', () => {
    expect(() => cluster(two, 'links: [{ between: [olso, rome], latency: 1 ms, link: wan-us-eu }]')).toThrow(
      /no group "olso"/,
    );
  });

  it('slow a plan over both down, and widen its band', () => {
    const base = problem('llama-3.2-1b', 'dgx-h100-8', { globalBatchSize: 32, sequenceLength: 2048 });
    const workload = { ...base.workload, optimizer: 'adamw' };
    const at = (of: Cluster) => ({ ...base, workload, cluster: of });
    const onOne = cluster([
      ['a', 'oslo'],
      ['b', 'oslo'],
    ]);
    const groups = onOne.groups.map((group) => ({ ...group, nic: { ...group.nic, fabric: 'main' } }));
    const near = at({ ...onOne, groups });
    const far = at(cluster(two));
    const plan = search(near, { top: 8 }).plans.find(({ plan: { pipelines } }) =>
      pipelines.some(({ stages }) => new Set(stages.flatMap((s) => s.replicas.map((r) => r.group))).size > 1),
    )!.plan;
    expect(estimate(far, plan).stepSeconds).toBeGreaterThan(1.2 * estimate(near, plan).stepSeconds);
    expect(errorBand(far, plan)).toBeGreaterThan(1.1 * errorBand(near, plan));
  });
});
