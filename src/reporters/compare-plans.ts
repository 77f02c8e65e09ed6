import { arithmetic } from '../plan-text/degrees.ts';
import { planText } from '../plan-text/text.ts';
import { formatInteger, formatSeconds } from '../units/format.ts';
import type { Compared } from './compared.ts';
import { fitting, grid, type Style } from './paint.ts';
import { unitOf } from './unit.ts';

/** Whose hours the dollars are of. */
export function paidWords(all: readonly Compared[]): string {
  return all.some(({ pays }) => pays === 'used')
    ? `Only GPUs in use are paid for${all[0]!.rank === 'steady' ? ': each plan is one of the soonest of those that cost as little a token' : ''}.`
    : 'All GPUs of a cluster are paid for, used or not.';
}

/** Plans beside the best, as tables have them; empty: one of each cluster was asked for. */
export function otherPlans(all: readonly Compared[]): {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
} {
  const rows = all.flatMap(({ problem, result }) =>
    result.plans
      .slice(1)
      .map(({ rank, plan, estimate, tiedWithBest }) => [
        problem.cluster.name,
        `${rank}${tiedWithBest ? '=' : ''}`,
        formatSeconds(estimate.stepSeconds),
        formatInteger(estimate.tokensPerSecond),
        arithmetic(plan),
        planText(problem, plan),
      ]),
  );
  const unit = unitOf(all[0]!.problem.model);
  return { head: ['other plans', '#', 'step', `${unit}/s`, 'plan', '--config'], rows };
}

/** Configurations are long: they go where the page is narrow, and --json has them. */
export function othersBlock(all: readonly Compared[], { columns }: Style): string[] {
  const { head, rows } = otherPlans(all);
  if (rows.length === 0) return [];
  const table = (cells: number) =>
    grid(
      head.slice(0, cells),
      rows.map((row) => row.slice(0, cells)),
      [1, 2, 3],
    );
  return [fitting(columns, table(6), table(5), table(4)), ''];
}
