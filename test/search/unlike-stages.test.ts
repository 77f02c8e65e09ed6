import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { replicasOf, sequencesOf } from '../../src/domain/plan.ts';
import { flagscale } from '../../src/frameworks/flagscale/index.ts';
import { parseConfiguration } from '../../src/plan-text/configuration.ts';
import { arithmetic } from '../../src/plan-text/degrees.ts';
import { planOf } from '../../src/plan-text/plan-of.ts';
import { planText } from '../../src/plan-text/text.ts';
import { search } from '../../src/search/search.ts';
import { unlikeChains } from '../../src/search/space/chains.ts';
import { devicesOfFrame } from '../../src/search/space/frame.ts';
import { DEFAULT_OPTIONS } from '../../src/search/space/options.ts';
import { problem } from '../fixtures/problem.ts';
import { clusterOf, part } from '../fixtures/random-cluster.ts';

const on = (parts: Parameters<typeof clusterOf>[0], globalBatchSize = 32) => ({
  ...problem('llama-3.2-1b', 'dgx-h100-8', { globalBatchSize, sequenceLength: 2048 }),
  cluster: clusterOf(parts),
});

describe('stages with unlike numbers of copies', () => {
  it('use every GPU of their groups, with micro-batch × copies the same on all', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 2, maxLength: 3 }), (parts) => {
        const one = on(parts);
        const { groups } = one.cluster;
        for (const frame of unlikeChains(one, groups, DEFAULT_OPTIONS)) {
          expect(devicesOfFrame(frame)).toBe(groups.reduce((sum, g) => sum + g.nodes * g.gpusPerNode, 0));
          const folds = frame.runs.map(({ fold = 1 }) => fold);
          expect(Math.min(...folds)).toBe(1);
          for (const fold of folds) expect(frame.dp % fold).toBe(0);
        }
      }),
    );
  });

  it('are found, printed, typed again and taken by FlagScale', () => {
    const one = on([
      { type: 2, nodes: 2, gpusPerNode: 4 },
      { type: 0, nodes: 1, gpusPerNode: 2 },
    ]);
    const { plans } = search(one, { launcher: flagscale, mustUse: [0, 1], top: 40 });
    const unlike = plans.filter(({ plan }) => new Set(plan.pipelines[0]!.stages.map(replicasOf)).size > 1);
    expect(unlike.length).toBeGreaterThan(0);
    for (const { plan } of unlike) {
      const { stages } = plan.pipelines[0]!;
      expect(new Set(stages.map((stage) => stage.microBatchSize * replicasOf(stage))).size).toBe(1);
      for (const stage of stages) expect(sequencesOf(stage)).toBe(32);
      expect(arithmetic(plan)).toMatch(/^\d+ = \(.*\) TP·PP·DP$/);
      const again = planOf(one, parseConfiguration(planText(one, plan)));
      expect('rule' in again ? again : again.plan).toEqual(plan);
      expect(flagscale.reject(one, plan)).toBeNull();
    }
  });

  it('are bounded by no more than they take', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 2, maxLength: 2 }), (parts) => {
        const one = on(parts);
        const fix = parseConfiguration('cp=1,recompute=none');
        const fast = search(one, { fix, top: 1, mustUse: [0, 1] });
        const all = search(one, { fix, top: 1, mustUse: [0, 1], exhaustive: true });
        expect(fast.plans[0]?.estimate.stepSeconds).toBe(all.plans[0]?.estimate.stepSeconds);
      }),
      { numRuns: 10 },
    );
  });
});
