import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadGpu } from '../../src/catalogue/gpus.ts';
import type { Cluster } from '../../src/domain/cluster.ts';
import { sequencesOf, stateShareOf } from '../../src/domain/plan.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { cephalo } from '../../src/frameworks/cephalo/index.ts';
import { megatron } from '../../src/frameworks/megatron/index.ts';
import { parseConfiguration } from '../../src/plan-text/configuration.ts';
import { planOf } from '../../src/plan-text/plan-of.ts';
import { planText } from '../../src/plan-text/text.ts';
import { search } from '../../src/search/search.ts';
import { problem } from '../fixtures/problem.ts';
import { clusterOf, part } from '../fixtures/random-cluster.ts';

const ONE_STAGE = parseConfiguration('pp=1,cp=1');

/** A problem whose GPUs have so much memory each, by group. */
function withMemory(base: Problem, gib: readonly number[]): Problem {
  const groups = base.cluster.groups.map((group, i) => ({
    ...group,
    gpu: { ...group.gpu, memoryBytes: gib[i]! * 2 ** 30 },
  }));
  return { ...base, cluster: { ...base.cluster, groups } };
}

describe('one stage on unlike GPUs', () => {
  it('is bounded by no more than it takes: the best plans are those of an exhaustive search', () => {
    const batches = fc.constantFrom(12, 16, 40, 64);
    fc.assert(
      fc.property(fc.array(part, { minLength: 2, maxLength: 3 }), batches, (parts, globalBatchSize) => {
        const one = {
          ...problem('llama-3.2-1b', 'dgx-h100-8', { globalBatchSize, sequenceLength: 2048 }, 'generic'),
          cluster: clusterOf(parts),
        };
        const fast = search(one, { fix: ONE_STAGE, top: 3 });
        const all = search(one, { fix: ONE_STAGE, top: 3, exhaustive: true });
        expect(fast.plans.map(({ estimate: e }) => e.stepSeconds)).toEqual(
          all.plans.map(({ estimate: e }) => e.stepSeconds),
        );
        const { space, rejected, boundedAway, evaluated, left } = fast.certificate;
        const counted = rejected.reduce((sum, { count }) => sum + count, 0) + boundedAway + evaluated + left;
        expect(counted).toBe(space);
        for (const { plan } of all.plans) {
          const sequences = plan.pipelines.reduce((sum, { stages }) => sum + sequencesOf(stages[0]!), 0);
          expect(sequences).toBe(globalBatchSize);
          const again = planOf(one, parseConfiguration(planText(one, plan)));
          expect('rule' in again ? again : again.plan).toEqual(plan);
        }
      }),
      { numRuns: 12 },
    );
  });

  const MIXED: Cluster = clusterOf([
    { type: 1, nodes: 1, gpusPerNode: 4 },
    { type: 0, nodes: 1, gpusPerNode: 4 },
  ]);
  const base: Problem = {
    ...problem('llama-2-7b', 'dgx-h100-8', { globalBatchSize: 64, sequenceLength: 2048 }, 'torch-fsdp'),
    cluster: MIXED,
  };

  it('keeps more of the states where there is more memory, when equal shares do not fit', () => {
    const tight = withMemory(base, [40, 14]);
    const [best] = search(tight, { fix: ONE_STAGE, launcher: cephalo, mustUse: [0, 1] }).plans;
    const [stage] = best!.plan.pipelines[0]!.stages;
    const [large, small] = stage!.replicas.map((block) => stateShareOf(stage!, block));
    expect(4 * (large! + small!)).toBeCloseTo(1, 9);
    expect(large!).toBeGreaterThan(small!);
    const fullness = best!.estimate.stages.map(({ memory }) => memory.deviceBytes / memory.limitBytes);
    expect(Math.max(...fullness)).toBeLessThanOrEqual(1);
    expect(Math.abs(fullness[0]! - fullness[1]!)).toBeLessThan(0.01);
    // The same in equal shares does not fit.
    const equal = stage!.replicas.map(({ stateParts: _, ...block }) => block);
    const plan = {
      ...best!.plan,
      pipelines: [{ ...best!.plan.pipelines[0]!, stages: [{ ...stage!, replicas: equal }] }],
    };
    expect(estimate(tight, plan).verdict).toBe('does-not-fit');
    expect(megatron.reject(tight, best!.plan)).not.toBeNull();
  });

  it('gives faster GPUs larger micro-batches', () => {
    const fast = loadGpu('h100-sxm');
    const groups = MIXED.groups.map((group, i) => (i === 0 ? { ...group, gpu: fast } : group));
    const one = { ...base, cluster: { ...MIXED, groups } };
    const [best] = search(one, { fix: ONE_STAGE, launcher: cephalo, mustUse: [0, 1] }).plans;
    const [stage] = best!.plan.pipelines[0]!.stages;
    const [h100, a100] = stage!.replicas.map((block) => block.microBatchSize ?? stage!.microBatchSize);
    expect(h100!).toBeGreaterThan(a100!);
  });
});
