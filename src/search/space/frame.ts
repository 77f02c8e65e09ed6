import type { Outline } from '../../domain/legality.ts';
import type { Problem } from '../../domain/problem.ts';

/** A node group that serves so many consecutive stages, each replica on tp × cp of its GPUs. */
export interface Serving {
  readonly group: number;
  readonly stages: number;
  readonly tp: number;
}

/** Which devices form how many stages: everything about one chain of stages but its choices. */
export interface Layout {
  readonly family: 'uniform' | 'type-per-stage';
  /** Node groups in pipeline order. */
  readonly runs: readonly Serving[];
  /** Of the first stage. */
  readonly tp: number;
  readonly cp: number;
  readonly dp: number;
  readonly ep: number;
  readonly etp: number;
  readonly pp: number;
}

/** A layout before experts are placed: the unit that the search bounds and expands. */
export type Frame = Omit<Layout, 'ep' | 'etp'>;

export function frameOf(runs: readonly Serving[], cp: number, dp: number): Frame {
  const pp = runs.reduce((sum, run) => sum + run.stages, 0);
  return { family: runs.length === 1 ? 'uniform' : 'type-per-stage', runs, tp: runs[0]!.tp, cp, dp, pp };
}

export function outlineOf({ workload }: Problem, { runs, pp, dp }: Frame): Outline {
  return { served: runs, depth: pp, equalShares: workload.globalBatchSize % dp === 0 };
}

export function devicesOfFrame({ runs, cp, dp }: Frame): number {
  return runs.reduce((sum, { stages, tp }) => sum + stages * tp * cp * dp, 0);
}

export function divisors(n: number): number[] {
  const low: number[] = [];
  const high: number[] = [];
  for (let d = 1; d * d <= n; d++) {
    if (n % d !== 0) continue;
    low.push(d);
    if (d * d !== n) high.unshift(n / d);
  }
  return [...low, ...high];
}
