import type { Estimate } from '../domain/estimate.ts';
import type { Explanation } from '../domain/explanation.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { EstimateDocument, Origin } from '../schema/estimate.ts';
import { estimateDocument } from './plan-json.ts';
import { rangeJson, rankedJson } from './ranked-json.ts';
import type { Told } from './read-in-file.ts';

/** The estimate of a configuration with its reasons. The timeline is what --trace writes. */
export function explanationDocument(
  problem: Problem,
  plan: Plan,
  estimate: Estimate,
  told: Told,
  { busyShares, links, seats, evenSplit, changes, disturbed }: Explanation,
  origin: Origin,
): EstimateDocument {
  return {
    ...estimateDocument(problem, plan, estimate, told, origin),
    range: rangeJson(estimate.stepSeconds, disturbed),
    explanation: {
      busyShares,
      links: links.map(({ link, effect }) => ({ link, effectOfTwiceItsRate: effect })),
      seats,
      evenSplit: 'rule' in evenSplit ? { reason: evenSplit } : rankedJson(problem, evenSplit),
      changes: changes.map(({ stepSeconds, ...rest }) => ({ ...rest, stepTimeSeconds: stepSeconds })),
    },
  };
}
