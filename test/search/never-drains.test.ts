import { describe, expect, it } from 'vitest';
import { estimate } from '../../src/evaluate/estimate.ts';
import { parseConfiguration } from '../../src/plan-text/configuration.ts';
import { planOf } from '../../src/plan-text/plan-of.ts';
import { planText } from '../../src/plan-text/text.ts';
import { search } from '../../src/search/search.ts';
import { problem } from '../fixtures/problem.ts';
import { clusterOf } from '../fixtures/random-cluster.ts';

/** Every cut of so many layers. */
function* cuts(layers: number, stages: number): Generator<number[]> {
  if (stages === 1) yield [layers];
  else
    for (let n = 1; n <= layers - stages + 1; n++)
      for (const rest of cuts(layers - n, stages - 1)) yield [n, ...rest];
}

describe('a pipeline that never drains', () => {
  it.each(['2bw', 'paci'])('%s has the best of all cuts, and nothing is left unproven', (schedule) => {
    const one = {
      ...problem('llama-3.2-1b', 'dgx-h100-8', { globalBatchSize: 8, sequenceLength: 2048 }),
      cluster: clusterOf([
        { type: 0, nodes: 1, gpusPerNode: 1 },
        { type: 1, nodes: 1, gpusPerNode: 2 },
      ]),
    };
    const fix = parseConfiguration(
      `tp=1,pp=3,cp=1,dp=1,micro-batch=1,recompute=none,zero=0,schedule=${schedule}`,
    );
    const { plans, certificate } = search(one, { fix, mustUse: [0, 1], top: 1 });
    const [{ plan, estimate: found }] = plans as [(typeof plans)[number]];
    const others = [...cuts(one.model.layers.length, 3)].flatMap((counts) => {
      const text = planText(one, plan).replace(/layers=[\d/]+/, `layers=${counts.join('/')}`);
      const other = planOf(one, parseConfiguration(text));
      if ('rule' in other) return [];
      const costed = estimate(one, other.plan);
      return costed.verdict === 'does-not-fit' ? [] : [costed.stepSeconds];
    });
    expect(others.length).toBeGreaterThan(50);
    expect(found.stepSeconds).toBeCloseTo(Math.min(...others), 9);
    expect(certificate.unproven).toBe(0);
  });
});
