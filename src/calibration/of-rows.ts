import type { Problem } from '../domain/problem.ts';
import { estimate } from '../evaluate/estimate.ts';
import { pick } from '../runs/pick.ts';
import { plansOf } from '../runs/plans.ts';
import { problemsOf } from '../runs/problem.ts';
import { positive, type Row } from '../runs/row.ts';
import type { MeasuredMemory, MeasuredRun } from './measured-run.ts';

const UNIT: Readonly<Record<string, number>> = { GiB: 2 ** 30, GB: 1e9, MiB: 2 ** 20, MB: 1e6 };

/** Rows of a file of runs as runs; those that nothing can be learnt from are told with their reason. */
export function runsOfRows(rows: readonly Row[]): {
  readonly runs: readonly MeasuredRun[];
  readonly left: readonly string[];
} {
  const runs: MeasuredRun[] = [];
  const left: string[] = [];
  for (const row of rows) {
    const found = runOfRow(row);
    if (typeof found === 'string') left.push(`${row.id}: ${found}`);
    else runs.push(found);
  }
  return { runs, left };
}

function runOfRow(row: Row): MeasuredRun | string {
  const { measured, faults } = row;
  if (row.tier === 'C') return 'incomplete (tier C)';
  const seconds = positive(measured.stepSeconds) && !('time' in (faults ?? {})) ? measured.stepSeconds : null;
  const memory = 'memory' in (faults ?? {}) ? [] : memoryOf(row);
  if (seconds === null && memory.length === 0) return 'nothing measured';
  try {
    const problems = problemsOf(row, []);
    const plans = plansOf(row, problems[0]!, []);
    const all = problems.flatMap((problem: Problem) =>
      plans.map((plan) => ({ problem, plan, estimate: estimate(problem, plan) })),
    );
    const { problem, plan } = pick(all, true);
    return { name: row.id, problem, plan, seconds, steps: null, spread: null, memory };
  } catch (error) {
    return (error as Error).message.split('\n')[0]!;
  }
}

function memoryOf({ measured }: Row): MeasuredMemory[] {
  const { peakMemory, memoryUnit, memoryKind, memoryRank, memoryAt } = measured;
  const kind = (['allocated', 'reserved', 'device'] as const).find((one) => one === memoryKind);
  // Of one point of the step, or of what kind nobody says, it is no peak to hold an estimate against.
  if (!positive(peakMemory) || kind === undefined || memoryAt) return [];
  const bytes = peakMemory * (UNIT[memoryUnit ?? 'GiB'] ?? 2 ** 30);
  return [{ bytes, kind, ...(typeof memoryRank === 'number' ? { rank: memoryRank } : {}) }];
}
