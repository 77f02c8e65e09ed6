import type { Problem } from '../domain/problem.ts';
import type { RankedPlan, SearchResult } from '../domain/search-result.ts';
import { FRAMEWORKS } from '../frameworks/index.ts';
import type { Framework } from '../frameworks/port/framework.ts';

/**
 * Plans with what they rest on and no file says among their assumptions: of the launcher, or, without one, of the frameworks
 * that run a plan, where each leaves something to its program.
 */
export function resting(problem: Problem, result: SearchResult, launcher: Framework | null): SearchResult {
  const plans = result.plans.map((ranked): RankedPlan => {
    const left = leftOpen(problem, ranked, launcher);
    const { estimate } = ranked;
    return left.length === 0
      ? ranked
      : { ...ranked, estimate: { ...estimate, assumptions: [...estimate.assumptions, ...left] } };
  });
  return { ...result, plans };
}

function leftOpen(problem: Problem, { plan }: RankedPlan, launcher: Framework | null): readonly string[] {
  if (launcher !== null) return launcher.restsOn?.(problem, plan) ?? [];
  const told = FRAMEWORKS.filter((one) => one.reject(problem, plan) === null).map(
    (one) => one.restsOn?.(problem, plan) ?? [],
  );
  return told.every((lines) => lines.length > 0) ? (told[0] ?? []) : [];
}
