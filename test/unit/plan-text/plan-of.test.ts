import { expect, it } from 'vitest';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { problem } from '../../fixtures/problem.ts';

const ONE = problem('llama-3.1-8b', 'dgx-h100-8', { globalBatchSize: 64 });
const MIXED = problem('llama-3.1-70b', 'mixed-32xh100-32xa100-40gb', { globalBatchSize: 64 });

it.each([
  [ONE, 'tp=2,dp=4,micro-batch=3', 'batch-divisible', 'Maybe micro-batch=2.'],
  [ONE, 'tp=2,dp=3', 'batch-divisible', 'Maybe dp=2.'],
  [ONE, 'tp=16', 'gpus', 'Maybe smaller degrees.'],
  [ONE, 'tp=2,dp=8', 'gpus', 'Maybe a smaller dp.'],
  [MIXED, 'tp=8/4/2,pp=8', 'groups', undefined],
] as const)('%# %s: %s', (p, text, rule, hint) => {
  const refused = planOf(p, parseConfiguration(text));
  expect(refused).toMatchObject({ rule });
  expect('rule' in refused ? refused.hint : '').toBe(hint);
});

it('takes one size of tensor parallelism for each group', () => {
  const configured = planOf(MIXED, parseConfiguration('tp=4/8,pp=3,dp=4,groups=h100/a100-40'));
  if ('rule' in configured) throw new Error(configured.actual);
  const { stages } = configured.plan.pipelines[0]!;
  expect(stages.map(({ replicas }) => replicas.map(({ group, tp, count }) => [group, tp, count]))).toEqual([
    [[0, 4, 4]],
    [[0, 4, 4]],
    [[1, 8, 4]],
  ]);
});
