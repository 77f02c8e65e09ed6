import { describe, expect, it } from 'vitest';
import { devicesOf } from '../../../src/domain/plan.ts';
import { byGpus } from '../../../src/search/by-gpus.ts';
import { byVariant } from '../../../src/search/by-variant.ts';
import { finished } from '../../../src/search/run/finished.ts';
import { search } from '../../../src/search/search.ts';
import { byDollars } from '../../../src/search/space/objective.ts';
import { planRun } from '../../../src/session/plan-run.ts';
import { pointsBy } from '../../../src/session/steady-points.ts';
import { problem } from '../../fixtures/problem.ts';
import { run } from '../../fixtures/run.ts';

const P = problem('llama-3.1-8b', 'dgx-a100-8', { globalBatchSize: 32 });
const STEADY = pointsBy('steady');
/** What `plan` prints first of so many GPUs, and what is fastest there. */
const planned = async (maxGpus: number, over = {}) => {
  const { result, beside } = await planRun({ problem: P, threads: 1, options: { maxGpus, ...over } });
  return { first: result.plans[0]?.plan, steady: beside.steady };
};

describe('rows of sweeps', () => {
  it('are what plan prints first of as many GPUs, for every size', async () => {
    const sizes = [3, 4, 5, 6, 7, 8];
    const { points } = finished(byGpus(P, sizes, {}, STEADY));
    let others = 0;
    for (const [i, size] of sizes.entries()) {
      const { first, steady } = await planned(size);
      expect(points[i]!.plan?.plan, `${size} GPUs`).toEqual(first);
      expect(points[i]!.fastest?.estimate.stepSeconds).toBe(steady?.stepSeconds);
      others += steady === null ? 0 : 1;
    }
    // Else nothing was shown.
    expect(others).toBeGreaterThan(0);
  });

  it('so are those of a quantity of the cluster, and by what a token costs', async () => {
    const objective = byDollars(P.cluster, [2]);
    const [byTime, byCost] = [{}, { objective }].map(
      (options) => finished(byVariant([{ problem: P, options }], STEADY)).points[0]!.plan!,
    );
    expect(byTime!.plan).toEqual((await planned(8)).first);
    expect(byCost!.plan).toEqual((await planned(8, { objective })).first);
  });

  it('are the best by estimate where that is asked for', () => {
    const { points } = finished(byGpus(P, [4, 8], {}, pointsBy('fastest')));
    for (const { budget, plan, fastest } of points) {
      const [best] = search(P, { top: 1, maxGpus: budget }).plans;
      expect(plan!.estimate.stepSeconds).toBe(best!.estimate.stepSeconds);
      expect(devicesOf(plan!.plan)).toBeLessThanOrEqual(budget);
      expect(fastest).toBeUndefined();
    }
  });
});

describe('rows of compare', () => {
  const asked = ['--seq-length', '4096', '--global-batch', '32', '--json'];
  const best = async (...words: string[]) => JSON.parse((await run([...words, ...asked])).out);

  it.each(['steady', 'fastest'])('are what plan prints first, by --rank %s', async (rank) => {
    const { clusters } = await best('compare', 'llama-3.1-8b', 'dgx-a100-8', '--rank', rank);
    const { plans } = await best('plan', 'llama-3.1-8b', 'dgx-a100-8', '--rank', rank, '--no-cache');
    expect(clusters[0].best.configuration).toBe(plans[0].configuration);
  });
});
