import type { Plan } from '../../src/domain/plan.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { pick } from '../../src/runs/pick.ts';
import { plansOf } from '../../src/runs/plans.ts';
import { problemsOf } from '../../src/runs/problem.ts';
import type { Row } from '../../src/runs/row.ts';
import { apply, type Values } from './knobs.ts';

/** A published run to fit on: tier A counts whole, others half. */
export interface Case {
  readonly group: string;
  readonly weight: number;
  readonly measuredSeconds: number;
  readonly problem: Problem;
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
      const problems = problemsOf(row, []);
      const run = best(problems, plansOf(row, problems[0]!, []), v);
      const weight = row.tier === 'A' ? 1 : 0.5;
      return [{ ...run, group: row.group, weight, measuredSeconds: row.measured.stepSeconds }];
    } catch {
      // Rows that cannot be expressed are listed by `npm run accuracy`.
      return [];
    }
  });
}

function best(
  problems: readonly Problem[],
  plans: readonly Plan[],
  v: Values,
): Pick<Case, 'problem' | 'plan'> {
  const runs = problems.flatMap((problem) => plans.map((plan) => ({ problem, plan })));
  if (runs.length === 1) return runs[0]!;
  return pick(
    runs.map((run) => ({ ...run, estimate: estimate(apply(run, v), run.plan) })),
    true,
  );
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
