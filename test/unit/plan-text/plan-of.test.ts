import { expect, it } from 'vitest';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { planText } from '../../../src/plan-text/text.ts';
import { problem } from '../../fixtures/problem.ts';

const ONE = problem('llama-3.1-8b', 'dgx-h100-8', { globalBatchSize: 64 });
const MIXED = problem('llama-3.1-70b', 'mixed-32xh100-32xa100-40gb', { globalBatchSize: 64 });

it.each([
  [ONE, 'tp=2,dp=4,micro-batch=3', 'batch-divisible', 'Maybe micro-batch=2.'],
  [ONE, 'tp=2,dp=3', 'batch-divisible', 'Maybe dp=2.'],
  // Not for the dp=2 that is left for it.
  [ONE, 'tp=3', 'heads-divisible-by-tp', undefined],
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

it.each([
  ['tp=4,dp=2,recompute=full:32', 'recompute=full', 'recompute=full'],
  ['tp=4,pp=2,recompute=full:31', 'recompute=full', 'recompute=full'],
  ['tp=1,dp=8,sp=true', 'sp=false', 'recompute=none'],
])('%s says more than there is to say: %s is taken, and noted', (text, note, told) => {
  const one = problem('llama-3.1-8b', 'dgx-h100-8');
  const configured = planOf(one, parseConfiguration(text));
  if ('rule' in configured) throw new Error(configured.actual);
  expect(configured.inferred).toContain(note);
  expect(planText(one, configured.plan)).toContain(told);
  expect(planText(one, configured.plan)).not.toContain('sp=true');
});

it('the loss of the stack by its own name is no choice of ours', () => {
  const one = problem('llama-3.1-8b', 'dgx-h100-8', {}, 'megatron-2021');
  const configured = planOf(one, parseConfiguration(`tp=8,loss=${one.stack.lossKernel}`));
  expect('rule' in configured ? configured.rule : configured.inferred.join()).not.toContain('loss');
});

it.each([
  ['tp=4,dp=2,ep=2', 'experts'],
  ['tp=8,pp=1,schedule=zb-v', 'schedule-virtual-stages'],
])('%s is refused by name: %s', (text, rule) => {
  const one = problem('llama-3.1-8b', 'dgx-h100-8');
  expect(planOf(one, parseConfiguration(text))).toMatchObject({ rule });
});
