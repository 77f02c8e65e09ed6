import { median } from '../accuracy/metrics.ts';
import { devicesOf, type Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Pace } from '../logs/log-format.ts';
import type { Log } from '../logs/read-log.ts';

/** A run of the user's: what ran, and what was measured of it. */
export interface MeasuredRun {
  readonly name: string;
  readonly problem: Problem;
  readonly plan: Plan;
  /** Median of a step; null: not measured. */
  readonly seconds: number | null;
  /** Training steps behind it; null: not stated. */
  readonly steps: number | null;
  /** Half of the steps lie within this share of the median; null: not known. */
  readonly spread: number | null;
  readonly memory: readonly MeasuredMemory[];
}

export interface MeasuredMemory {
  readonly bytes: number;
  readonly kind: 'allocated' | 'reserved' | 'device';
  /** Global rank; left out: the fullest. */
  readonly rank?: number;
}

/** A log as the run of a plan: the median of its steps, which no straggling one moves. */
export function runOfLog(log: Log, problem: Problem, plan: Plan): MeasuredRun {
  const all = log.steps.map(({ pace }) => secondsOf(pace, problem, plan));
  const seconds = median(all)!;
  return {
    name: log.path,
    problem,
    plan,
    seconds,
    steps: log.counted,
    spread: median(all.map((one) => Math.abs(one / seconds - 1))),
    memory: log.memory,
  };
}

function secondsOf({ of, value }: Pace, { workload }: Problem, plan: Plan): number {
  if (of === 'seconds') return value;
  if (of === 'samples') return workload.globalBatchSize / value;
  return (workload.globalBatchSize * workload.sequenceLength) / (value * devicesOf(plan));
}
