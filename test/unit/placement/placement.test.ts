import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/domain/cluster.ts';
import { onlyGroups, reordered } from '../../../src/domain/node-order.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { place } from '../../../src/placement/place.ts';
import { slowLinks } from '../../../src/placement/slow-links.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { problem } from '../../fixtures/problem.ts';

/** Two racks whose nodes are listed alternately: links inside a rack are four times as fast. */
function racks(nodes: number, slow?: readonly [number, number]): Problem {
  const p = problem('llama-3.1-8b', 'dgx-h100-64', { globalBatchSize: 48 });
  const [group] = p.cluster.groups;
  const bandwidth = Array.from({ length: nodes }, (_, i) =>
    Array.from({ length: nodes }, (_, j) => {
      if (i === j) return Number.POSITIVE_INFINITY;
      const uneven = 1 + ((i * 7 + j * 13) % 10) / 100;
      return (i % 2 === j % 2 ? 100e9 : 25e9) * uneven * (slow?.[0] === i && slow[1] === j ? 0.1 : 1);
    }),
  );
  const hosts = Array.from({ length: nodes }, (_, i) => `n${i}`);
  return {
    ...p,
    cluster: {
      ...p.cluster,
      groups: [{ ...group!, nodes, hosts }],
      measured: { bandwidth, latency: null, perFlow: null },
    },
  };
}

function planFor(p: Problem, text: string) {
  const outcome = planOf(p, parseConfiguration(text));
  if ('rule' in outcome) throw new Error(outcome.rule);
  return outcome.plan;
}

const exactly = { seed: 1, moves: 2000, exactNodes: 7 };
const annealing = { ...exactly, exactNodes: 0 };

describe('placement', () => {
  it('annealing finds what every order finds on few nodes', () => {
    for (const nodes of [4, 6]) {
      const p = racks(nodes);
      const plan = planFor(p, `tp=8,pp=2,dp=${nodes / 2},micro-batch=1`);
      const exact = place(p, plan, exactly);
      expect(place(p, plan, annealing).stepSeconds).toBeCloseTo(exact.stepSeconds, 9);
      expect(exact.stepSeconds).toBeLessThanOrEqual(exact.rankOrderSeconds);
      expect(exact.method).toBe('exact');
    }
  });

  it('puts the nodes of a data-parallel ring in one rack', () => {
    const p = racks(16);
    const plan = planFor(p, 'tp=8,pp=2,dp=8,micro-batch=1');
    const placement = place(p, plan, annealing);
    expect(placement.stepSeconds).toBeLessThan(placement.rankOrderSeconds * 0.97);
    expect(placement.stepSeconds).toBeLessThanOrEqual(placement.greedySeconds);
    expect([...placement.order].sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, i) => i));
    const costed = estimate(p, { ...plan, nodeOrder: placement.order });
    expect(costed.stepSeconds).toBeCloseTo(placement.stepSeconds, 12);
    expect(place(p, plan, annealing)).toEqual(placement);
  });

  it('names a broken link and what it costs', () => {
    const p = racks(4, [0, 2]);
    const plan = planFor(p, 'tp=8,pp=1,dp=4,micro-batch=1');
    const [worst] = slowLinks(p, { ...plan, nodeOrder: [0, 2, 1, 3] });
    expect(worst).toMatchObject({ from: 'n0', to: 'n2' });
    expect(worst!.costSeconds).toBeGreaterThan(0);
    expect(slowLinks(racks(4), plan)).toEqual([]);
  });
});

describe('measured links', () => {
  it('are taken in each direction, and never beat what is specified', () => {
    const p = racks(4);
    const { measured: _, ...plain } = p.cluster;
    const plan = planFor(p, 'tp=8,pp=1,dp=4,micro-batch=1');
    const specified = estimate({ ...p, cluster: plain }, plan).stepSeconds;
    expect(estimate(p, plan).stepSeconds).toBeGreaterThan(specified);
    const there = racks(4, [0, 1]);
    const back = racks(4, [1, 0]);
    expect(estimate(there, plan).stepSeconds).toBeGreaterThan(estimate(back, plan).stepSeconds);
  });

  it('follow their nodes when nodes are reordered or left out', () => {
    const { cluster } = racks(4);
    const turned = reordered(cluster, [3, 1, 2, 0]);
    expect(turned.measured!.bandwidth[0]![1]).toBe(cluster.measured!.bandwidth[3]![1]);
    expect(turned.groups[0]!.hosts).toEqual(['n3', 'n1', 'n2', 'n0']);
    const two: Cluster = problem('llama-3.1-8b', 'mixed-a100-v100').cluster;
    const kept = onlyGroups(two, (group) => group.index === 1);
    expect(kept.groups[0]).toMatchObject({ index: 0, firstDevice: 0, id: two.groups[1]!.id });
  });
});
