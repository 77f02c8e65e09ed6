import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../src/domain/cluster.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { search } from '../../src/search/search.ts';
import { problem } from '../fixtures/problem.ts';
import { clusterOf, part } from '../fixtures/random-cluster.ts';

const base = problem('llama-3.2-1b', 'dgx-h100-8', { globalBatchSize: 16, sequenceLength: 2048 });
const MOST_NODES = 6;

/** Bytes/s and seconds from every node to every other; the diagonal is never asked for. */
const figures = (unit: number) =>
  fc
    .array(fc.integer({ min: 1, max: 50 }), { minLength: MOST_NODES ** 2, maxLength: MOST_NODES ** 2 })
    .map((list) => (a: number, b: number) => (a === b ? 0 : unit * list[a * MOST_NODES + b]!));

function measured(cluster: Cluster, bandwidth: Figure, latency: Figure | null): Cluster {
  const nodes = cluster.groups.reduce((sum, group) => sum + group.nodes, 0);
  const matrix = (of: Figure) =>
    Array.from({ length: nodes }, (_, a) => Array.from({ length: nodes }, (_, b) => of(a, b)));
  return {
    ...cluster,
    measured: {
      bandwidth: matrix(bandwidth),
      latency: latency === null ? null : matrix(latency),
      perFlow: null,
    },
  };
}

type Figure = (from: number, to: number) => number;

describe('nodes of several groups measured against each other', () => {
  it('have plans, and faster links never make one of them slower', () => {
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 2, maxLength: 2 }),
        figures(1e9),
        fc.option(figures(1e-5)),
        fc.nat(),
        (parts, bandwidth, latency, pick) => {
          const cluster = clusterOf(parts);
          const nodes = cluster.groups.reduce((sum, group) => sum + group.nodes, 0);
          const pair = [pick % nodes, Math.floor(pick / nodes) % nodes] as const;
          const faster: Figure = (a, b) => bandwidth(a, b) * (a === pair[0] && b === pair[1] ? 3 : 1);
          const p = { ...base, cluster: measured(cluster, bandwidth, latency) };
          const better = { ...base, cluster: measured(cluster, faster, latency) };
          for (const { plan, estimate: before } of search(p, { top: 4 }).plans) {
            expect(before.stepSeconds).toBeGreaterThan(0);
            expect(before.stepSeconds).toBeLessThan(Number.POSITIVE_INFINITY);
            expect(estimate(better, plan).stepSeconds).toBeLessThanOrEqual(before.stepSeconds * (1 + 1e-9));
          }
        },
      ),
      { numRuns: 12 },
    );
  });
});
