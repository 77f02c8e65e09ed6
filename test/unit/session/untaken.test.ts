import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { besideWords } from '../../../src/reporters/beside.ts';
import { search } from '../../../src/search/search.ts';
import { byLeave } from '../../../src/search/space/by-leave.ts';
import { planRun } from '../../../src/session/plan-run.ts';
import { problem } from '../../fixtures/problem.ts';

const P = problem('llama-3.2-1b', 'dgx-h100-8', { globalBatchSize: 32 }, 'generic');
const held = 'recompute=none,micro-batch=1';
const asked = (allow: readonly string[], more = '') =>
  planRun({ problem: P, options: { top: 2, allow, fix: parseConfiguration(`${held}${more}`) } });

describe('what --allow names and the first plan does not do', () => {
  it('is told with the best plan that does it', async () => {
    const allow = ['loss', 'offload'];
    const { result, beside } = await asked(allow, ',tp=2');
    const [best] = result.plans;
    const untaken = allow.filter((one) => !byLeave(best!.plan).includes(one));
    expect(beside.untaken?.map(({ allowed }) => allowed)).toEqual(untaken);
    expect(untaken).toContain('offload');
    const one = beside.untaken!.find(({ allowed }) => allowed === 'offload')!;
    expect(one.costShare).toBeCloseTo(one.stepSeconds! / best!.estimate.stepSeconds - 1, 12);
    expect(one.costShare).toBeGreaterThanOrEqual(0);
    expect(besideWords(beside, best!).join('\n')).toMatch(
      /--allow offload was tried: .* takes (\d+\.\d% more|as long) \(/,
    );
  });

  it('is the best of the searches that hold each of its values', () => {
    const step = (options: object) =>
      search(P, { top: 1, plansAlone: true, ...options }).plans[0]!.estimate.stepSeconds;
    const each = ['chunked:8', 'fused-linear', 'cut'].map((loss) =>
      step({ fix: parseConfiguration(`${held},tp=1,loss=${loss}`) }),
    );
    const doing = { allow: ['loss'], doing: 'loss', fix: parseConfiguration(`${held},tp=1`) };
    expect(step(doing)).toBe(Math.min(...each));
  });

  it('is said to be nothing that can be done here, or is not asked where the first plan does all', async () => {
    const { result, beside } = await asked(['local-steps']);
    expect(beside.untaken).toEqual([
      { allowed: 'local-steps', rank: null, stepSeconds: null, costShare: null, reason: null },
    ]);
    expect(besideWords(beside, result.plans[0]!).join('\n')).toContain(
      '--allow local-steps was tried: nothing here can do it.',
    );
    expect((await asked([])).beside.untaken).toBeUndefined();
  });

  it('is said to fit nowhere, or to be refused, with the reason', () => {
    const words = (reason: { rule: string; actual: string; limit: string }) =>
      besideWords(
        {
          ...{ idle: [], launchers: ['megatron'], freer: null, beyond: null, cannot: [], without: [] },
          ...{ placement: null, slowLinks: [] },
          untaken: [{ allowed: 'stale', rank: null, stepSeconds: null, costShare: null, reason }],
        },
        search(P, { top: 1, fix: parseConfiguration(held) }).plans[0]!,
      ).join('\n');
    expect(words({ rule: 'memory', actual: '9', limit: '8' })).toContain(
      'stale was tried: no plan with it fits.',
    );
    expect(words({ rule: 'schedule', actual: 'schedule 2bw', limit: '1f1b' })).toContain(
      'stale was tried: no plan with it runs: schedule 2bw, limit 1f1b.',
    );
  });
});
