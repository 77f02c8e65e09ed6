import { median } from '../accuracy/metrics.ts';
import type { MeasuredRun } from './measured-run.ts';

/** A run with a step time. */
export interface TimedRun extends MeasuredRun {
  readonly seconds: number;
}

/** Runs of one configuration say one thing: the middle of what they measured stands for them. */
export function independent(runs: readonly MeasuredRun[]): TimedRun[] {
  const alike = new Map<string, TimedRun[]>();
  for (const run of runs) {
    if (run.seconds === null) continue;
    const { model, cluster, workload } = run.problem;
    const key = JSON.stringify([model, cluster, workload, run.plan]);
    alike.set(key, [...(alike.get(key) ?? []), { ...run, seconds: run.seconds }]);
  }
  return [...alike.values()].map(([first, ...others]) => {
    const all = [first!, ...others];
    return { ...first!, seconds: median(all.map(({ seconds }) => seconds))! };
  });
}
