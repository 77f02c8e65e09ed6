import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clusterFromText } from '../../src/catalogue/clusters.ts';
import { search } from '../../src/search/search.ts';
import { problem } from '../fixtures/problem.ts';
import { clusterOf, type Part, part } from '../fixtures/random-cluster.ts';

const base = problem('llama-3.2-1b', 'dgx-h100-8', { globalBatchSize: 16, sequenceLength: 2048 });

function best(parts: readonly Part[]): number {
  return (
    search({ ...base, cluster: clusterOf(parts) }, { top: 1 }).plans[0]?.estimate.stepSeconds ?? Infinity
  );
}

/** A group as a cluster file has it: on InfiniBand, RoCE or plain Ethernet, with nothing said of how it is joined to others. */
const networked = fc.record({
  gpu: fc.constantFrom('a100-40-sxm', 'a100-80-sxm', 'h100-sxm'),
  nodes: fc.integer({ min: 1, max: 2 }),
  gpusPerNode: fc.constantFrom(1, 2, 4),
  link: fc.constantFrom('ib-hdr200', 'ib-ndr400', 'roce-200', 'roce-400', 'eth-100'),
  site: fc.constantFrom('', ', site: here'),
});
type Networked = typeof networked extends fc.Arbitrary<infer T> ? T : never;

function bestOf(groups: readonly Networked[]): number {
  const lines = groups.map(
    ({ gpu, nodes, gpusPerNode, link, site }, i) =>
      `  - { id: g${i}, gpu: ${gpu}, nodes: ${nodes}, gpusPerNode: ${gpusPerNode}, intraNode: nvlink3, nic: { link: ${link}, perNode: ${gpusPerNode} }${site} }`,
  );
  const cluster = clusterFromText(`schema: shardwright.cluster/1\ngroups:\n${lines.join('\n')}\n`, 'c.yaml');
  return search({ ...base, cluster }, { top: 1 }).plans[0]?.estimate.stepSeconds ?? Infinity;
}

// How long a machine takes says nothing of the plans.
describe('more hardware never gives a worse plan', { timeout: 0 }, () => {
  it('a further node group', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 2 }), part, (parts, more) => {
        expect(best([...parts, more])).toBeLessThanOrEqual(best(parts) * (1 + 1e-9));
      }),
      { numRuns: 12, seed: 11 },
    );
  });

  it('a further node group, whatever network it is on', () => {
    fc.assert(
      fc.property(fc.array(networked, { minLength: 1, maxLength: 2 }), networked, (groups, more) => {
        expect(bestOf([...groups, more])).toBeLessThanOrEqual(bestOf(groups) * (1 + 1e-9));
      }),
      { numRuns: 12, seed: 14 },
    );
  });

  it('a further node in a group', () => {
    fc.assert(
      fc.property(part, part, (a, b) => {
        const larger = { ...b, nodes: b.nodes + 1 };
        expect(best([a, larger])).toBeLessThanOrEqual(best([a, b]) * (1 + 1e-9));
      }),
      { numRuns: 10, seed: 12 },
    );
  });

  it('a faster GPU in place of a slower one', () => {
    fc.assert(
      fc.property(
        part,
        fc.record({
          type: fc.integer({ min: 0, max: 1 }),
          nodes: fc.constant(1),
          gpusPerNode: fc.constantFrom(1, 2),
        }),
        (a, b) => {
          expect(best([a, { ...b, type: b.type + 1 }])).toBeLessThanOrEqual(best([a, b]) * (1 + 1e-9));
        },
      ),
      { numRuns: 10, seed: 13 },
    );
  });
});
