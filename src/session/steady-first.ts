import type { Problem } from '../domain/problem.ts';
import type { RankedPlan, SearchResult, WhatIf } from '../domain/search-result.ts';
import { withNetworkAt } from '../domain/slower-network.ts';
import { estimate } from '../evaluate/estimate.ts';
import { restsOnUnmeasured } from '../evaluate/measured/unmeasured.ts';
import { TIE } from '../search/search.ts';
import type { Objective } from '../search/space/objective.ts';

/** Networks turn out slower than their figures more often than anything else: ties are broken at this share of them. */
export const SLOW_NETWORK = 0.5;

/**
 * Of plans that the model cannot tell from the best, the one that stays best when the network is slow comes first: where it
 * is then ahead by more than a tie. The others follow as they were.
 */
export function steadyFirst(
  problem: Problem,
  result: SearchResult,
  objective: Objective,
): { readonly result: SearchResult; readonly steadier: Exclude<WhatIf['steadier'], undefined> } {
  const [best] = result.plans;
  const ties = result.plans.filter(
    (one) => one.tiedWithBest && (one === best || !restsOnUnmeasured(problem, one.plan)),
  );
  if (best === undefined || ties.length < 2 || objective.id === 'memory') return { result, steadier: null };
  const slow = { ...problem, cluster: withNetworkAt(SLOW_NETWORK, problem.cluster) };
  const played = ties.map((ranked) => {
    const costed = estimate(slow, ranked.plan);
    return { ranked, seconds: costed.stepSeconds, value: objective.value(ranked.plan, costed) };
  });
  const now = played.find(({ ranked }) => ranked === best)!;
  const steady = played.reduce((a, b) => (b.value < a.value ? b : a));
  if (now.value / steady.value - 1 <= TIE) return { result, steadier: null };
  const order = [steady.ranked, ...result.plans.filter((one) => one !== steady.ranked)];
  const plans = order.map((one, i): RankedPlan => ({ ...one, rank: i + 1 }));
  return {
    result: { ...result, plans },
    steadier: { overRank: 2, stepSeconds: steady.seconds, overStepSeconds: now.seconds },
  };
}
