import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadGpu } from '../../src/catalogue/gpus.ts';
import { loadLink } from '../../src/catalogue/links.ts';
import type { Cluster, NodeGroup } from '../../src/domain/cluster.ts';
import { search } from '../../src/search/search.ts';
import { problem } from '../fixtures/problem.ts';

/** From slow to fast: each is at least as good as the one before in every figure that counts here. */
const TYPES = ['a100-40-sxm', 'a100-80-sxm', 'h100-sxm'] as const;

interface Part {
  readonly type: number;
  readonly nodes: number;
  readonly gpusPerNode: number;
}

function clusterOf(parts: readonly Part[]): Cluster {
  let firstDevice = 0;
  const groups = parts.map(({ type, nodes, gpusPerNode }, index): NodeGroup => {
    const group: NodeGroup = {
      id: `g${index}`,
      index,
      gpu: loadGpu(TYPES[type]!),
      nodes,
      gpusPerNode,
      firstDevice,
      fastDomainGpus: gpusPerNode,
      intraNode: loadLink('nvlink3'),
      nic: {
        link: loadLink('ib-hdr200'),
        perNode: gpusPerNode,
        measured: null,
        devices: [],
        interface: null,
      },
      hosts: Array.from({ length: nodes }, (_, i) => `g${index}-${i}`),
      powerCapWatts: null,
      site: 'here',
      dollarsPerGpuHour: null,
      provenance: 'assumed',
    };
    firstDevice += nodes * gpusPerNode;
    return group;
  });
  return { name: 'random', groups, links: [], assumptions: [] };
}

const part = fc.record({
  type: fc.integer({ min: 0, max: 2 }),
  nodes: fc.integer({ min: 1, max: 3 }),
  gpusPerNode: fc.constantFrom(1, 2, 4),
});

const base = problem('llama-3.2-1b', 'dgx-h100-8', { globalBatchSize: 16, sequenceLength: 2048 });

function best(parts: readonly Part[]): number {
  return (
    search({ ...base, cluster: clusterOf(parts) }, { top: 1 }).plans[0]?.estimate.stepSeconds ?? Infinity
  );
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
