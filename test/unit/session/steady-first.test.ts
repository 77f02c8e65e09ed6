import { describe, expect, it } from 'vitest';
import type { SearchResult } from '../../../src/domain/search-result.ts';
import { withNetworkAt } from '../../../src/domain/slower-network.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { search } from '../../../src/search/search.ts';
import { BY_MEMORY, BY_TIME } from '../../../src/search/space/objective.ts';
import { SLOW_NETWORK, steadyFirst } from '../../../src/session/steady-first.ts';
import { problem } from '../../fixtures/problem.ts';

const P = problem('llama-3.1-8b', 'l40s-32', { globalBatchSize: 128 }, 'generic');
const SLOW = { ...P, cluster: withNetworkAt(SLOW_NETWORK, P.cluster) };
const FOUND = search(P, { top: 5 });
const slowSeconds = ({ plan }: SearchResult['plans'][number]) => estimate(SLOW, plan).stepSeconds;
const [STEADY] = [...FOUND.plans].sort((a, b) => slowSeconds(a) - slowSeconds(b));

/** The plans of a search as if all were ties, the one that suffers most from a slow network first. */
const tied = (): SearchResult => {
  const plans = [...FOUND.plans].sort((a, b) => slowSeconds(b) - slowSeconds(a));
  return { ...FOUND, plans: plans.map((one, i) => ({ ...one, rank: i + 1, tiedWithBest: true })) };
};

describe('ties', () => {
  it('go to the plan that stays best when the network is half as fast', () => {
    const given = tied();
    const { result, steadier } = steadyFirst(P, given, BY_TIME);
    expect(result.plans[0]!.plan).toEqual(STEADY!.plan);
    expect(result.plans.map(({ rank }) => rank)).toEqual(given.plans.map(({ rank }) => rank));
    expect(result.plans[1]!.plan).toEqual(given.plans[0]!.plan);
    expect(steadier).toEqual({
      overRank: 2,
      stepSeconds: slowSeconds(STEADY!),
      overStepSeconds: slowSeconds(given.plans[0]!),
    });
  });

  it('leave the order as it is where the first stays best, nothing ties, or memory is asked for', () => {
    const steady = { ...FOUND, plans: [STEADY!, ...FOUND.plans.filter((one) => one !== STEADY)] };
    const all = { ...steady, plans: steady.plans.map((one) => ({ ...one, tiedWithBest: true })) };
    expect(steadyFirst(P, all, BY_TIME)).toEqual({ result: all, steadier: null });
    const apart = { ...FOUND, plans: tied().plans.map((one, i) => ({ ...one, tiedWithBest: i === 0 })) };
    expect(steadyFirst(P, apart, BY_TIME).steadier).toBeNull();
    expect(steadyFirst(P, tied(), BY_MEMORY).steadier).toBeNull();
  });
});

it('a slower network slows nothing inside a node', () => {
  const one = problem('llama-3.1-8b', 'dgx-h100-8', { globalBatchSize: 128 }, 'generic');
  const [best] = search(one, { top: 1 }).plans;
  const slow = { ...one, cluster: withNetworkAt(SLOW_NETWORK, one.cluster) };
  expect(estimate(slow, best!.plan).stepSeconds).toBe(best!.estimate.stepSeconds);
});
