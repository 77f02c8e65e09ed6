import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import type { NearestMiss, RankedPlan, Rejection } from '../domain/search-result.ts';
import { search } from './search.ts';
import { cannotBe } from './space/cannot.ts';
import { bothHeld, DEFAULT_OPTIONS, type SearchOptions } from './space/options.ts';

/** Why the best plan does not have the dimensions somebody asked about. */
export interface WhyNot {
  readonly asked: string;
  /** The best plan that has them; null when none can run. */
  readonly plan: RankedPlan | null;
  /** What removed the others, or all. */
  readonly rejected: readonly Rejection[];
  readonly nearestMiss: NearestMiss | null;
  /** Where no configuration has them: which cannot be. */
  readonly cannot: readonly Reason[];
}

export function whyNot(
  problem: Problem,
  asked: string,
  fix: SearchOptions['fix'],
  options: Partial<SearchOptions>,
): WhyNot {
  const held = { ...options, fix: bothHeld(options.fix, fix), top: 1, threshold: Number.POSITIVE_INFINITY };
  const { plans, certificate, nearestMiss } = search(problem, held);
  const cannot = certificate.space === 0 ? cannotBe(problem, { ...DEFAULT_OPTIONS, ...held }) : [];
  return { asked, plan: plans[0] ?? null, rejected: certificate.rejected, nearestMiss, cannot };
}
