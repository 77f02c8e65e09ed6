import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../src/domain/cluster.ts';
import { total } from '../../src/domain/estimate.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { LAUNCHERS } from '../../src/frameworks/index.ts';
import { parseConfiguration } from '../../src/plan-text/configuration.ts';
import { planOf } from '../../src/plan-text/plan-of.ts';
import { search } from '../../src/search/search.ts';
import { problem } from '../fixtures/problem.ts';
import { clusterOf } from '../fixtures/random-cluster.ts';

const configurations = fc.record({
  tp: fc.constantFrom(1, 2, 4, 8),
  pp: fc.constantFrom(1, 2, 4),
  cp: fc.constantFrom(1, 2),
  micro: fc.constantFrom(1, 2, 4),
  recompute: fc.constantFrom('none', 'selective', 'full'),
  sharding: fc.constantFrom<number>(0, 1, 2, 3),
  model: fc.constantFrom('llama-3.2-1b', 'llama-3.1-8b', 'gpt-oss-20b', 'deepseek-v2-lite'),
});

function planFor(p: Problem, text: string) {
  const outcome = planOf(p, parseConfiguration(text));
  return 'rule' in outcome ? null : outcome.plan;
}

type Choice = typeof configurations extends fc.Arbitrary<infer T> ? T : never;

const text = (x: Choice) =>
  `tp=${x.tp},pp=${x.pp},cp=${x.cp},dp=${64 / (x.tp * x.pp * x.cp)},micro-batch=${x.micro},recompute=${x.recompute},sharding=${x.sharding}`;

const given = (x: Choice) => problem(x.model, 'dgx-h100-64', { globalBatchSize: 256 });

describe('the evaluator', () => {
  it('has parts that sum to their totals', () => {
    fc.assert(
      fc.property(configurations, (x) => {
        const p = given(x);
        const plan = planFor(p, text(x));
        if (plan === null) return;
        const e = estimate(p, plan);
        expect(total(e.time)).toBe(e.stepSeconds);
        for (const { memory, compute } of e.stages) {
          expect(total(memory.allocated)).toBe(memory.allocatedBytes);
          expect(total(compute)).toBeGreaterThan(0);
        }
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it('more sharding never raises resident memory', () => {
    fc.assert(
      fc.property(configurations, (x) => {
        const p = given(x);
        const states = [0, 1, 2, 3].map((sharding) => {
          const plan = planFor(p, text({ ...x, sharding }));
          if (plan === null) return null;
          const { allocated } = estimate(p, plan).stages[0]!.memory;
          return allocated.weights! + allocated.gradients! + allocated['optimizer states']!;
        });
        for (let i = 1; i < 4; i++)
          if (states[i] !== null && states[i - 1] !== null)
            expect(states[i]!).toBeLessThanOrEqual(states[i - 1]!);
      }),
      { numRuns: 40, seed: 2 },
    );
  });

  it('more bandwidth never slows a fixed plan', () => {
    fc.assert(
      fc.property(configurations, fc.double({ min: 1, max: 8, noNaN: true }), (x, factor) => {
        const p = given(x);
        const plan = planFor(p, text(x));
        if (plan === null) return;
        const [group] = p.cluster.groups;
        const link = { ...group!.nic.link, bandwidth: group!.nic.link.bandwidth * factor };
        const cluster: Cluster = { ...p.cluster, groups: [{ ...group!, nic: { ...group!.nic, link } }] };
        expect(estimate({ ...p, cluster }, plan).stepSeconds).toBeLessThanOrEqual(
          estimate(p, plan).stepSeconds * (1 + 1e-9),
        );
      }),
      { numRuns: 40, seed: 3 },
    );
  });

  it('does not care what identical nodes are called', () => {
    const p = problem('llama-3.1-8b', 'dgx-h100-64');
    const [group] = p.cluster.groups;
    const renamed: Problem = {
      ...p,
      cluster: { ...p.cluster, groups: [{ ...group!, hosts: [...group!.hosts].reverse() }] },
    };
    const plan = planFor(p, 'tp=2,pp=4,dp=8')!;
    expect(estimate(renamed, plan)).toEqual(estimate(p, plan));
  });
});

describe('the search', () => {
  const small = (cluster: string, over = {}) =>
    problem('llama-3.2-1b', cluster, { globalBatchSize: 16, sequenceLength: 2048, ...over });

  /** One node of two GPUs of each group. */
  const tiny = (cluster: string): Problem => {
    const p = small(cluster);
    const groups = p.cluster.groups.map((group, index) => ({
      ...group,
      nodes: 1,
      gpusPerNode: 2,
      fastDomainGpus: 2,
      firstDevice: 2 * index,
    }));
    return { ...p, cluster: { ...p.cluster, groups } };
  };

  it('accounts for every configuration', () => {
    for (const cluster of ['dgx-h100-8', 'mixed-4090-3090', 'mixed-a100-v100']) {
      const { certificate: c } = search(small(cluster, { precision: 'fp16' }));
      const rejected = c.rejected.reduce((sum, one) => sum + one.count, 0);
      expect(rejected + c.boundedAway + c.evaluated + c.left).toBe(c.space);
      expect(c.optimal).toBe(true);
    }
  });

  it('finds what an exhaustive search finds', () => {
    for (const p of [small('dgx-h100-8'), tiny('mixed-4090-3090')]) {
      const pruned = search(p, { top: 1 });
      const all = search(p, { top: 1, exhaustive: true });
      expect(all.certificate.boundedAway).toBe(0);
      expect(pruned.plans[0]!.estimate.stepSeconds).toBe(all.plans[0]!.estimate.stepSeconds);
      expect(pruned.certificate.evaluated).toBeLessThan(all.certificate.evaluated);
    }
  });

  it('finds it for random problems too, whoever is to run the plan', () => {
    const random = fc.record({
      parts: fc.array(
        fc.record({
          type: fc.integer({ min: 0, max: 2 }),
          nodes: fc.integer({ min: 1, max: 2 }),
          gpusPerNode: fc.constantFrom(1, 2, 4),
        }),
        { minLength: 1, maxLength: 2 },
      ),
      model: fc.constantFrom('llama-3.2-1b', 'qwen3-30b-a3b', 'nemotron-h-8b'),
      layers: fc.integer({ min: 3, max: 7 }),
      batch: fc.constantFrom(4, 6, 8, 12),
      headroom: fc.constantFrom(0.08, 0.9, 0.96),
      stack: fc.constantFrom('megatron-core', 'torch-fsdp2', 'generic'),
      launcher: fc.oneof(fc.constant('any'), fc.constantFrom(...LAUNCHERS.map(({ id }) => id))),
    });
    let found = 0;
    fc.assert(
      fc.property(random, ({ parts, model, layers, batch, headroom, stack, launcher }) => {
        const whole = problem(
          model,
          'dgx-h100-8',
          { globalBatchSize: batch, sequenceLength: 1024, headroom },
          stack,
        );
        const few = { ...whole.model, layers: whole.model.layers.slice(0, layers) };
        const p: Problem = { ...whole, cluster: clusterOf(parts), model: few };
        const runs = LAUNCHERS.find(({ id }) => id === launcher) ?? null;
        const [pruned, all] = [false, true].map(
          (exhaustive) => search(p, { top: 1, exhaustive, launcher: runs }).plans[0]?.estimate.stepSeconds,
        );
        expect(pruned, JSON.stringify({ parts, model, layers, batch, headroom, stack, launcher })).toBe(all);
        if (all !== undefined) found += 1;
      }),
      { numRuns: 24 },
    );
    expect(found).toBeGreaterThan(5);
  });

  it('never gets slower by more hardware', () => {
    const both = small('mixed-4090-3090');
    const best = (p: Problem) => search(p, { top: 1 }).plans[0]!.estimate.stepSeconds;
    const together = best(both);
    for (const group of both.cluster.groups) {
      const alone: Problem = {
        ...both,
        cluster: { ...both.cluster, groups: [{ ...group, index: 0, firstDevice: 0 }] },
      };
      expect(together).toBeLessThanOrEqual(best(alone) * (1 + 1e-9));
    }
  });

  it('returns only plans that fit', () => {
    for (const { estimate: e } of search(
      problem('llama-3.1-8b', 'mixed-4090-3090', { globalBatchSize: 32 }),
      { top: 50 },
    ).plans) {
      for (const { memory } of e.stages) expect(memory.deviceBytes).toBeLessThanOrEqual(memory.limitBytes);
    }
  });
});
