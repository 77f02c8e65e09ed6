import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelsFrom } from '../../src/cli/models.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { coefficients } from '../../src/hardware/coefficients.ts';
import { splitLaw } from '../../src/laws/split.ts';
import { parseConfiguration } from '../../src/plan-text/configuration.ts';
import { CostBook } from '../../src/search/bound/cost-book.ts';
import { memoryMiss } from '../../src/search/bound/memory-bound.ts';
import { planFrom } from '../../src/search/cut/plan-from.ts';
import { realise } from '../../src/search/cut/realise.ts';
import type { Candidate } from '../../src/search/space/candidate.ts';
import { frameOf, type Serving } from '../../src/search/space/frame.ts';
import { FULL_RECOMPUTE, NO_RECOMPUTE, recompute, worthIt } from '../../src/techniques/recompute.ts';
import { sequenceParallel } from '../../src/techniques/sequence-parallel.ts';
import { zero } from '../../src/techniques/zero.ts';
import { problem } from '../fixtures/problem.ts';

const STACKS = [
  'megatron-core',
  'megatron-2021',
  'torch-fsdp',
  'torch-fsdp2',
  'nanotron',
  'deepspeed',
  'generic',
] as const;
const MODELS = ['llama-3.2-1b', 'gemma-2-9b', 'deepseek-v2-lite', 'glm-4.5-air', 'gpt-oss-20b'] as const;
const CLUSTERS = ['mixed-4090-3090', 'mixed-a100-v100', 'mixed-32xh100-32xa100-40gb'] as const;

const random = fc.record({
  model: fc.constantFrom(...MODELS),
  cluster: fc.constantFrom(...CLUSTERS),
  stack: fc.constantFrom(...STACKS),
  layers: fc.integer({ min: 2, max: 7 }),
  kinds: fc.array(fc.nat(5), { minLength: 7, maxLength: 7 }),
  stages: fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })),
  tp: fc.constantFrom(1, 2),
  dp: fc.constantFrom(1, 2),
  microBatch: fc.constantFrom(1, 2, 4),
  sharding: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const),
  recompute: fc.constantFrom('none', 'selective', 'full'),
  schedule: fc.constantFrom('1f1b' as const, 'gpipe' as const, 'zb-h1' as const),
  headroom: fc.constantFrom(0, 0.08, 0.3),
  models: fc.constantFrom(
    undefined,
    undefined,
    'reference=llama-3.2-1b',
    'critic=llama-3.2-1b,reference=llama-3.2-1b:offloaded',
  ),
  /** GPU memory over what the first of all cuts needs: some cuts fit, some do not. */
  memory: fc.double({ min: 0.8, max: 1.6, noNaN: true }),
});

type Case = typeof random extends fc.Arbitrary<infer T> ? T : never;

/** A few layers of a model, and GPUs that can hold some of them; null where the split is against the law. */
function caseOf(x: Case): { problem: Problem; candidate: Candidate } | null {
  const given = problem(
    x.model,
    x.cluster,
    {
      globalBatchSize: 16,
      sequenceLength: 2048,
      precision: 'fp16',
      headroom: x.headroom,
      ...modelsFrom(x.models, 'fp16'),
    },
    x.stack,
  );
  const layers = x.kinds.slice(0, x.layers).map((kind) => kind % given.model.kinds.length);
  const runs = x.stages.flatMap((stages, group): Serving[] =>
    stages === 0 ? [] : [{ group, stages, tp: x.tp }],
  );
  const frame = runs.length === 0 ? null : frameOf(runs, 1, x.dp);
  if (frame === null || frame.pp > layers.length) return null;
  const again = { none: NO_RECOMPUTE, selective: worthIt(given), full: FULL_RECOMPUTE }[x.recompute]!;
  const techniques = sequenceParallel.set(recompute.set(zero.set({}, x.sharding), again), x.tp > 1);
  const candidate: Candidate = {
    layout: { ...frame, ep: 1, etp: 1 },
    choice: {
      microBatchSize: x.microBatch,
      vpp: 1,
      schedule: x.schedule,
      techniques,
      fewest: null,
      dpReplicate: 1,
    },
  };
  const model = { ...given.model, layers };
  const whole = { ...given, model };
  if (splitLaw(whole, { ...candidate.layout, shapes: runs }) !== null) return null;
  const even = Math.max(...evenMemory(whole, candidate));
  const groups = given.cluster.groups.map((group, i) => ({
    ...group,
    gpu: { ...group.gpu, memoryBytes: Math.round(even * x.memory * (i === 0 ? 1 : 0.8)) },
  }));
  return { problem: { ...whole, cluster: { ...given.cluster, groups } }, candidate };
}

function evenMemory(p: Problem, candidate: Candidate): number[] {
  const [plan] = [...plansOf(p, candidate)];
  return estimate(p, plan!).stages.map(({ memory }) => memory.deviceBytes);
}

function* plansOf(p: Problem, candidate: Candidate): Iterable<Plan> {
  for (const cut of compositions(p.model.layers.length, candidate.layout.pp))
    yield planFrom(p, candidate, cut);
}

function compositions(layers: number, parts: number): number[][] {
  if (parts === 1) return [[layers]];
  return Array.from({ length: layers - parts + 1 }, (_, i) => i + 1).flatMap((first) =>
    compositions(layers - first, parts - 1).map((rest) => [first, ...rest]),
  );
}

describe('the stage cut and the walk are of one mind about memory', () => {
  it('every cut that is returned fits, and where none is returned none fits', () => {
    let fitting = 0;
    let none = 0;
    fc.assert(
      fc.property(random, (x) => {
        const one = caseOf(x);
        fc.pre(one !== null);
        const { problem: p, candidate } = one;
        const book = new CostBook(p);
        const found = realise(p, candidate, book.of(candidate));
        const possible = [...plansOf(p, candidate)].filter(
          (plan) => estimate(p, plan).verdict !== 'does-not-fit',
        );
        if ('rule' in found) {
          none += 1;
          expect(possible).toEqual([]);
        } else {
          fitting += 1;
          expect(estimate(p, found.plan).verdict).not.toBe('does-not-fit');
          expect(memoryMiss(p, candidate, book.of(candidate))).toBeNull();
        }
        if (possible.length > 0) expect(memoryMiss(p, candidate, book.of(candidate))).toBeNull();
      }),
      { numRuns: 300, seed: 3 },
    );
    expect(fitting).toBeGreaterThan(60);
    expect(none).toBeGreaterThan(60);
  });

  it('where small micro-batches do not fit larger ones do not either', () => {
    let none = 0;
    fc.assert(
      fc.property(random, (x) => {
        const one = caseOf({ ...x, microBatch: 1, memory: x.memory * 0.9 });
        fc.pre(one !== null);
        const { problem: p, candidate } = one;
        const book = new CostBook(p);
        if (memoryMiss(p, candidate, book.of(candidate)) === null) return;
        none += 1;
        for (const microBatchSize of [2, 4, 8].filter((size) => 16 % (size * x.dp) === 0)) {
          const larger = { ...candidate, choice: { ...candidate.choice, microBatchSize } };
          for (const plan of plansOf(p, larger)) expect(estimate(p, plan).verdict).toBe('does-not-fit');
        }
      }),
      { numRuns: 300, seed: 5 },
    );
    expect(none).toBeGreaterThan(60);
  });

  it('at the same point they count the same bytes', () => {
    let compared = 0;
    fc.assert(
      fc.property(random, (x) => {
        const one = caseOf(x);
        fc.pre(one !== null);
        const { problem: p, candidate } = one;
        const costs = new CostBook(p).of(candidate);
        const outcome = realise(p, candidate, costs, { even: false });
        if ('rule' in outcome) return;
        const { plan, partition } = outcome;
        const stages = estimate(p, plan).stages;
        for (const [s, { room }] of partition!.stages.entries()) {
          if (room === null) continue;
          const [{ first, end }] = plan.pipelines[0]!.stages[s]!.chunks as [{ first: number; end: number }];
          const kinds = p.model.layers.slice(first, end);
          const used = room.points.map(({ room: free, sum, widest }) => {
            const bytes = kinds.reduce((total, kind) => total + sum[0]![kind]!, 0);
            return (
              bytes +
              widest.reduce((total, row) => total + Math.max(...kinds.map((kind) => row[kind]!)), 0) -
              free
            );
          });
          const { memory } = stages[s]!;
          const { allocator } = p.stack;
          const outside = memory.deviceBytes - memory.reservedBytes;
          const allocatable =
            p.workload.headroom > 0
              ? (memory.limitBytes - outside) / allocator.reservedOverAllocated
              : (memory.limitBytes - outside) / Math.min(1.015, allocator.reservedOverAllocated);
          expect(Math.max(...used) + allocatable).toBeCloseTo(memory.allocatedBytes, -2);
          compared += 1;
        }
      }),
      { numRuns: 360, seed: 4 },
    );
    expect(compared).toBeGreaterThan(200);
  });
});

describe('a published false certificate', () => {
  it('Qwen2.5-32B on 16 A100-80 and 16 A100-40: the uneven cut that fits is found', async () => {
    const { search } = await import('../../src/search/search.ts');
    const { loadGpu } = await import('../../src/catalogue/gpus.ts');
    const given = problem('qwen2.5-32b', 'dgx-a100-64', { globalBatchSize: 64 }, 'torch-fsdp2');
    const [group] = given.cluster.groups;
    const groups = ['a100-80-sxm', 'a100-40-sxm'].map((gpu, index) => ({
      ...group!,
      id: gpu,
      index,
      gpu: loadGpu(gpu),
      nodes: 2,
      firstDevice: 16 * index,
      hosts: [`${gpu}-0`, `${gpu}-1`],
    }));
    const p: Problem = { ...given, cluster: { ...given.cluster, groups }, coefficients: coefficients() };
    const { plans, certificate } = search(p, {
      top: 1,
      fix: parseConfiguration('tp=2,pp=4,cp=1'),
      alikeStages: true,
    });
    expect(certificate.optimal).toBe(true);
    const used = new Set(
      plans[0]!.plan.pipelines[0]!.stages.flatMap(({ replicas }) => replicas.map((block) => block.group)),
    );
    expect(used.size).toBe(2);
    expect(plans[0]!.estimate.stepSeconds).toBeLessThan(15.5);
  });
});
