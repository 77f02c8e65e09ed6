import { loadCluster } from '../../src/catalogue/clusters.ts';
import { loadModel } from '../../src/catalogue/models.ts';
import { loadStack } from '../../src/catalogue/stacks.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { place } from '../../src/placement/place.ts';
import { parseConfiguration } from '../../src/plan-text/configuration.ts';
import { planOf } from '../../src/plan-text/plan-of.ts';

/** Racks of eight nodes listed out of order, links inside a rack twice as fast, every link a little different. */
function scattered(nodes: number): Problem {
  const { value } = loadCluster('dgx-h100-64');
  const [group] = value.groups;
  const rack = (node: number) => (node * 7) % Math.max(1, nodes / 8);
  const bandwidth = Array.from({ length: nodes }, (_, i) =>
    Array.from({ length: nodes }, (_, j) => {
      if (i === j) return Number.POSITIVE_INFINITY;
      const noise = 0.8 + (((i * 131 + j * 71) % 97) / 97) * 0.4;
      return (rack(i) === rack(j) ? 200e9 : 60e9) * noise;
    }),
  );
  const hosts = Array.from({ length: nodes }, (_, i) => `n${i}`);
  return {
    model: loadModel('llama-3.1-70b').value,
    cluster: {
      ...value,
      groups: [{ ...group!, nodes, hosts }],
      measured: { bandwidth, latency: null, perFlow: null },
    },
    stack: loadStack('megatron-core'),
    workload: {
      sequenceLength: 8192,
      globalBatchSize: 8 * nodes,
      precision: 'bf16',
      optimizer: 'adamw',
      headroom: 0,
    },
  };
}

/** Node orders at several sizes: step time of annealing against rank order and nearest neighbours first. */
export function placementLines(): Record<string, string | number>[] {
  return [16, 64, 256].map((nodes) => {
    const problem = scattered(nodes);
    const outcome = planOf(
      problem,
      parseConfiguration(`tp=8,pp=4,dp=${nodes / 4},micro-batch=1,recompute=full`),
    );
    if ('rule' in outcome) throw new Error(outcome.rule);
    const started = performance.now();
    const found = place(problem, outcome.plan);
    return {
      nodes,
      orders: found.tried,
      estimates: found.costed,
      seconds: Number(((performance.now() - started) / 1000).toFixed(2)),
      'rank order / annealed': Number((found.rankOrderSeconds / found.stepSeconds).toFixed(3)),
      'nearest first / annealed': Number((found.greedySeconds / found.stepSeconds).toFixed(3)),
    };
  });
}
