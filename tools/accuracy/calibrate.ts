import type { Scored } from '../../src/accuracy/score.ts';

/**
 * One scalar per group from `count` of its rows, spread over the predicted times; those rows are not scored, the rest
 * are scored with the scalar applied.
 */
export function calibrate(rows: readonly Scored[], count: number): Scored[] {
  const factors = new Map<string, { factor: number; used: ReadonlySet<string> }>();
  for (const group of new Set(rows.map((row) => row.group))) {
    const timed = rows.filter((row) => row.group === group && row.stepError !== undefined);
    if (timed.length <= count) continue;
    const sorted = [...timed].sort(
      (a, b) => a.predictedStepSeconds! - b.predictedStepSeconds! || (a.id < b.id ? -1 : 1),
    );
    const used = Array.from(
      { length: count },
      (_, i) => sorted[Math.floor(((i + 0.5) * sorted.length) / count)]!,
    );
    const logs = used.map((row) => Math.log(row.measuredStepSeconds! / row.predictedStepSeconds!));
    factors.set(group, {
      factor: Math.exp(logs.reduce((a, b) => a + b, 0) / count),
      used: new Set(used.map((row) => row.id)),
    });
  }
  return rows.map((row) => {
    const found = factors.get(row.group);
    if (found === undefined || row.stepError === undefined) return row;
    if (found.used.has(row.id)) {
      const { stepError: _, ...rest } = row;
      return { ...rest, assumptions: [...row.assumptions, 'used for calibration, time not scored'] };
    }
    const predicted = row.predictedStepSeconds! * found.factor;
    return {
      ...row,
      predictedStepSeconds: predicted,
      stepError: predicted / row.measuredStepSeconds! - 1,
      assumptions: [...row.assumptions, `calibrated by ${found.factor.toFixed(3)}`],
    };
  });
}
