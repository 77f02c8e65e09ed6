import type { Problem } from '../domain/problem.ts';
import type { RankedPlan, SearchResult, WhatIf } from '../domain/search-result.ts';
import { FRAMEWORKS, LAUNCHERS } from '../frameworks/index.ts';
import type { Framework } from '../frameworks/port/framework.ts';
import { slowLinks } from '../placement/slow-links.ts';
import type { SearchOptions } from '../search/space/options.ts';
import { freerPlan, idleGroups } from '../search/what-if.ts';

/** What stands beside the plans of a search: idle groups, a freer plan, node order. */
export function whatIf(
  problem: Problem,
  result: SearchResult,
  options: Partial<SearchOptions>,
  placement: WhatIf['placement'],
): WhatIf {
  const best = result.plans[0];
  // Both are told in seconds.
  const byTime = options.objective === undefined || options.objective.id === 'time';
  const complete = byTime && result.certificate.cutBy === null && problem.cluster.groups.length > 1;
  const free =
    complete && options.launcher !== null && options.launcher !== undefined
      ? freerPlan(problem, best, options)
      : null;
  return {
    idle: best !== undefined && complete ? idleGroups(problem, best, options) : [],
    launchers: best === undefined ? [] : accepting(FRAMEWORKS, problem, best),
    freer:
      free === null
        ? null
        : {
            plan: free,
            launchers: accepting(LAUNCHERS, problem, free),
          },
    placement,
    slowLinks: best === undefined ? [] : slowLinks(problem, best.plan),
  };
}

function accepting(launchers: readonly Framework[], problem: Problem, { plan }: RankedPlan): string[] {
  return launchers.filter((one) => one.reject(problem, plan) === null).map((one) => one.id);
}
