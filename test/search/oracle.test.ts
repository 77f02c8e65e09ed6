import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../src/domain/cluster.ts';
import type { Pipeline, Plan, Stage } from '../../src/domain/plan.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { parseConfiguration } from '../../src/plan-text/configuration.ts';
import { search } from '../../src/search/search.ts';
import { problem } from '../fixtures/problem.ts';

/** Enumerates plan shapes with none of the search's own code: every arrangement, cut and share of a small problem. */
function* shapes(p: Problem, shardings: readonly number[]): Iterable<Plan> {
  const batch = p.workload.globalBatchSize;
  for (const microBatchSize of [1, 2, 4, 8].filter((m) => batch % m === 0)) {
    const total = batch / microBatchSize;
    const chains = [...chainsOf(p)];
    for (const recompute of RECOMPUTE) {
      for (const zero of shardings) {
        const plan = (...pipelines: Pipeline[]): Plan => ({
          pipelines,
          dims: { cp: 1, ep: 1, etp: 1, vpp: 1, dpReplicate: 1 },
          schedule: '1f1b',
          techniques: {
            recompute,
            zero,
            sp: pipelines.some((one) => one.stages.some((s) => s.replicas[0]!.tp > 1)),
          },
          nodeOrder: null,
        });
        for (const chain of chains) {
          if (total % chain.dp === 0) yield plan(pipelineOf(chain, total / chain.dp, microBatchSize));
        }
        for (const a of chains) {
          for (const b of chains) {
            if (a.groups.some((g) => b.groups.includes(g)) || a.groups[0]! > b.groups[0]!) continue;
            if (a.stages.length === b.stages.length) continue;
            for (let m = 1; a.dp * m < total; m++) {
              const rest = (total - a.dp * m) / b.dp;
              if (Number.isInteger(rest))
                yield plan(pipelineOf(a, m, microBatchSize), pipelineOf(b, rest, microBatchSize));
            }
          }
        }
      }
    }
  }
}

const RECOMPUTE = [
  { mode: 'none', modules: [], layersPerStage: null },
  { mode: 'full', modules: [], layersPerStage: null },
];

interface Chain {
  readonly groups: readonly number[];
  readonly dp: number;
  readonly stages: readonly { group: number; tp: number; firstDevice: number; layers: number }[];
}

function* chainsOf({ cluster, model }: Problem): Iterable<Chain> {
  for (const groups of [[0], [1], [0, 1], [1, 0]]) {
    for (const dp of [1, 2, 4]) {
      for (const places of placings(cluster, groups, dp)) {
        for (const cut of compositions(model.layers.length, places.length))
          yield { groups, dp, stages: places.map((place, i) => ({ ...place, layers: cut[i]! })) };
      }
    }
  }
}

function placings(cluster: Cluster, groups: readonly number[], dp: number) {
  let all: { group: number; tp: number; firstDevice: number }[][] = [[]];
  for (const index of groups) {
    const { gpusPerNode, nodes, firstDevice } = cluster.groups[index]!;
    const options = [1, 2, 4]
      .filter((tp) => tp <= gpusPerNode)
      .flatMap((tp) =>
        Array.from({ length: Math.floor((nodes * gpusPerNode) / (tp * dp)) }, (_, n) =>
          Array.from({ length: n + 1 }, (_, i) => ({
            group: index,
            tp,
            firstDevice: firstDevice + i * tp * dp,
          })),
        ),
      );
    all = all.flatMap((head) => options.map((tail) => [...head, ...tail]));
  }
  return all;
}

function compositions(layers: number, parts: number): number[][] {
  if (parts > layers) return [];
  if (parts === 1) return [[layers]];
  return Array.from({ length: layers - parts + 1 }, (_, i) => i + 1).flatMap((first) =>
    compositions(layers - first, parts - 1).map((rest) => [first, ...rest]),
  );
}

function pipelineOf({ stages, dp }: Chain, microBatches: number, microBatchSize: number): Pipeline {
  let first = 0;
  return {
    microBatches: microBatches * dp,
    stages: stages.map(({ group, tp, firstDevice, layers }): Stage => {
      const range = { first, end: first + layers };
      first += layers;
      return {
        chunks: [range],
        microBatchSize,
        replicas: [{ count: dp, group, firstDevice, tp, microBatches }],
      };
    }),
  };
}

function small(
  nodesA: number,
  nodesB: number,
  layers: number,
  globalBatchSize: number,
  { stack = 'megatron-core', memory = [1, 1] }: { stack?: string; memory?: readonly [number, number] } = {},
): Problem {
  const workload = { globalBatchSize, sequenceLength: 2048, precision: 'fp16' } as const;
  const p = problem('llama-3.2-1b', 'mixed-a100-v100', workload, stack);
  const sized = (group: Cluster['groups'][0], share: number) => ({
    ...group,
    gpu: { ...group.gpu, memoryBytes: group.gpu.memoryBytes * share },
  });
  const [a, b] = p.cluster.groups as [Cluster['groups'][0], Cluster['groups'][0]];
  const cluster = {
    ...p.cluster,
    groups: [
      { ...sized(a, memory[0]), nodes: 1, gpusPerNode: nodesA, fastDomainGpus: nodesA, firstDevice: 0 },
      { ...sized(b, memory[1]), nodes: 1, gpusPerNode: nodesB, fastDomainGpus: nodesB, firstDevice: nodesA },
    ],
  };
  return { ...p, cluster, model: { ...p.model, layers: new Array<number>(layers).fill(0) } };
}

/** The fastest of all shapes, and how many there were. */
function enumerated(p: Problem, shardings: readonly number[]): { least: number; seen: number } {
  let least = Number.POSITIVE_INFINITY;
  let seen = 0;
  for (const plan of shapes(p, shardings)) {
    const e = estimate(p, plan);
    seen += 1;
    if (e.verdict !== 'does-not-fit') least = Math.min(least, e.stepSeconds);
  }
  return { least, seen };
}

describe('small mixed clusters', () => {
  it.each([
    [2, 2, 4, 8],
    [4, 2, 5, 8],
    [4, 4, 4, 4],
  ])('%i + %i GPUs, %i layers, batch %i: nothing that enumeration finds is faster', (a, b, layers, batch) => {
    const p = small(a, b, layers, batch);
    const { least, seen } = enumerated(p, [0, 1]);
    expect(seen).toBeGreaterThan(500);
    // Cuts are optimal for (m − 1)·max + sum, which the simulator may undercut by a little.
    expect(search(p, { top: 1 }).plans[0]!.estimate.stepSeconds).toBeLessThanOrEqual(least * 1.005);
  });

  /** Memory so short that sharding, recomputation and the cut decide what fits. */
  it.each([
    ['megatron-core', 2, [0.12, 0.3]],
    ['megatron-core', 3, [0.12, 0.3]],
    // Its update keeps what it is made of for all parameters at once.
    ['torch-fsdp', 3, [0.16, 0.4]],
    ['torch-fsdp2', 2, [0.12, 0.3]],
    ['torch-fsdp2', 3, [0.12, 0.3]],
    ['deepspeed', 3, [0.12, 0.3]],
  ] as const)('%s, everything sharded at level %i, little memory', (stack, sharding, memory) => {
    const p = small(2, 2, 5, 8, { stack, memory });
    const { least } = enumerated(p, [sharding, 0]);
    expect(least).toBeLessThan(Number.POSITIVE_INFINITY);
    const { plans, certificate } = search(p, { top: 1, fix: parseConfiguration(`zero=${sharding}`) });
    const whole = search(p, { top: 1, fix: parseConfiguration('zero=0') });
    const best = Math.min(
      ...[plans[0], whole.plans[0]].map((one) => one?.estimate.stepSeconds ?? Number.POSITIVE_INFINITY),
    );
    expect(best).toBeLessThanOrEqual(least * 1.005);
    expect(certificate.optimal && whole.certificate.optimal).toBe(true);
  });
});
