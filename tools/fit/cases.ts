import type { Plan } from '../../src/domain/plan.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { plansOf } from '../accuracy/plans.ts';
import { overlapsExperts, problemOf } from '../accuracy/problem.ts';
import type { Row } from '../accuracy/row.ts';
import { apply, type Values } from './knobs.ts';

/** A published run to fit on: tier A counts whole, others half. */
export interface Case {
  readonly group: string;
  readonly weight: number;
  readonly measuredSeconds: number;
  readonly problem: Problem;
  /** Stated by the run, so not for the fit to move. */
  readonly overlapsExperts: boolean;
  readonly plan: Plan;
}

/** One in so many rows of the one source that holds half of all rows. */
const THINNED = { group: 'vtrain-single', every: 8 };

/** The rows with a step time that can be expressed; of unstated choices the one that is best at `v`. */
export function casesOf(rows: readonly Row[], v: Values): Case[] {
  return rows.flatMap((row, i) => {
    if (row.tier === 'C' || !row.measured.stepSeconds || 'time' in (row.faults ?? {})) return [];
    if (row.group === THINNED.group && i % THINNED.every !== 0) return [];
    try {
      const problem = problemOf(row, []);
      const stated = { problem, overlapsExperts: overlapsExperts(row.config) };
      const plan = best(stated, plansOf(row, problem, []), v);
      const weight = row.tier === 'A' ? 1 : 0.5;
      return [{ ...stated, group: row.group, weight, measuredSeconds: row.measured.stepSeconds, plan }];
    } catch {
      // Rows that cannot be expressed are listed by `npm run accuracy`.
      return [];
    }
  });
}

function best(stated: Pick<Case, 'problem' | 'overlapsExperts'>, plans: readonly Plan[], v: Values): Plan {
  if (plans.length === 1) return plans[0]!;
  const timed = plans.map((plan) => ({ plan, e: estimate(apply(stated, v), plan) }));
  const fit = timed.filter(({ e }) => e.verdict !== 'does-not-fit');
  return (fit.length > 0 ? fit : timed).reduce((a, b) => (b.e.stepSeconds < a.e.stepSeconds ? b : a)).plan;
}

/** ln(predicted / measured). */
export function residual(run: Case, v: Values): number {
  const { plan, measuredSeconds } = run;
  return Math.log(estimate(apply(run, v), plan).stepSeconds / measuredSeconds);
}

/** Mean |residual| of each source, its rows weighted. */
export function errorBySource(cases: readonly Case[], residuals: readonly number[]): Map<string, number> {
  const sums = new Map<string, { sum: number; weight: number }>();
  for (const [i, { group, weight }] of cases.entries()) {
    const s = sums.get(group) ?? { sum: 0, weight: 0 };
    sums.set(group, { sum: s.sum + weight * Math.abs(residuals[i]!), weight: s.weight + weight });
  }
  return new Map([...sums].map(([group, s]) => [group, s.sum / s.weight]));
}

/** What one row counts in the fit: sources alike, but small ones less than large ones. */
export function rowWeights(cases: readonly Case[]): number[] {
  const sizes = new Map<string, { n: number; weight: number }>();
  for (const { group, weight } of cases) {
    const s = sizes.get(group) ?? { n: 0, weight: 0 };
    sizes.set(group, { n: s.n + 1, weight: s.weight + weight });
  }
  return cases.map(({ group, weight }) => {
    const s = sizes.get(group)!;
    return (Math.min(1, Math.sqrt(s.n / 40)) * weight) / s.weight;
  });
}
