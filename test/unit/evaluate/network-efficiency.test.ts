import { describe, expect, it } from 'vitest';
import { loadLink } from '../../../src/catalogue/links.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { coefficients } from '../../../src/hardware/coefficients.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { problem } from '../../fixtures/problem.ts';

/** The problem on another network of the same nodes. */
function over(base: Problem, link: string, change: { efficiency?: number; measured?: number } = {}): Problem {
  const groups = base.cluster.groups.map((group) => ({
    ...group,
    nic: {
      ...group.nic,
      link: { ...loadLink(link), efficiency: change.efficiency ?? loadLink(link).efficiency },
      measured: change.measured ?? null,
    },
  }));
  return { ...base, cluster: { ...base.cluster, groups } };
}

function seconds(of: Problem, configuration: string): number {
  const outcome = planOf(of, parseConfiguration(configuration));
  if (!('plan' in outcome)) throw new Error(JSON.stringify(outcome));
  return estimate(of, outcome.plan).stepSeconds;
}

const on = (model: string, stack = 'megatron-core') => {
  const base = problem(model, 'dgx-h100-64', { globalBatchSize: 128 }, stack);
  return { ...base, workload: { ...base.workload, optimizer: 'adamw' } };
};
const dense = on('llama-3.1-8b');
const sparse = on('mixtral-8x7b');
const sharded = on('llama-3.1-8b', 'torch-fsdp2');

/** Plans that each cross nodes in a way of their own. */
const CROSSING: readonly (readonly [string, Problem, string])[] = [
  ['gradients all-reduced', dense, 'dp=64,zero=0'],
  ['gradients scattered', dense, 'dp=64,zero=1'],
  ['parameters gathered for each micro-batch', sharded, 'dp=64,zero=3'],
  ['copies of a sharded group', sharded, 'dp=64,dp-replicate=8,zero=3'],
  ['activations between stages', dense, 'tp=8,pp=8'],
  ['tensor parallelism beyond a node', dense, 'tp=16,dp=4'],
  ['context parallelism beyond a node', dense, 'tp=8,cp=8'],
  ['tokens to experts', sparse, 'tp=1,pp=1,dp=64,ep=8,etp=8'],
];

describe('the efficiency of a network link', () => {
  it.each(CROSSING)('counts for %s', (_, base, configuration) => {
    const step = (link: string, change = {}) => seconds(over(base, link, change), configuration);
    const whole = step('ib-ndr400');
    expect(step('ib-ndr400', { efficiency: 0.3 })).toBeGreaterThan(whole * 1.0001);
    // Measured, neither it nor the fitted derating says anything.
    const measured = { measured: 20e9 };
    expect(step('ib-ndr400', { ...measured, efficiency: 0.3 })).toBe(step('ib-ndr400', measured));
    const other = coefficients({ networkDerating: 0.5, networkAllToAll: 0.5 });
    const moved = { ...over(base, 'ib-ndr400', measured), coefficients: other };
    expect(seconds(moved, configuration)).toBe(step('ib-ndr400', measured));
  });

  it('makes 64 H100 slower on 400G Ethernet than on InfiniBand', () => {
    const [ib, roce, eth] = ['ib-ndr400', 'roce-400', 'eth-400'].map((link) =>
      seconds(over(dense, link), 'dp=64,zero=1'),
    );
    expect(roce!).toBeGreaterThan(ib!);
    expect(eth!).toBeGreaterThan(1.1 * ib!);
  });
});
