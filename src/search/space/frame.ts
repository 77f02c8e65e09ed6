import type { Outline } from '../../domain/legality.ts';
import type { Problem } from '../../domain/problem.ts';

/** A node group that serves so many consecutive stages, each replica on tp × cp of its GPUs. */
export interface Serving {
  readonly group: number;
  readonly stages: number;
  readonly tp: number;
  /** Its stages have so many times fewer copies, on micro-batches of so many times the sequences; left out: as many as all. */
  readonly fold?: number;
}

/** Which devices form how many stages: everything about one chain of stages but its choices. */
export interface Layout {
  readonly family: 'uniform' | 'type-per-stage';
  /** Node groups in pipeline order. */
  readonly runs: readonly Serving[];
  /** Of the first stage. */
  readonly tp: number;
  readonly cp: number;
  /** Copies of a stage: of those that have most. */
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

export function outlineOf(
  { workload }: Problem,
  { runs, cp, pp, dp }: Frame,
  severalChunks: boolean,
): Outline {
  return {
    served: runs,
    depth: pp,
    severalPipelines: false,
    cp,
    severalChunks,
    equalShares: workload.globalBatchSize % dp === 0,
    equalCopies: runs.every(({ fold }) => fold === runs[0]!.fold),
  };
}

export function copiesOf({ dp }: Pick<Frame, 'dp'>, { fold = 1 }: Serving): number {
  return dp / fold;
}

/** GPUs of each stage of a run. */
export function devicesOfStage(frame: Pick<Frame, 'cp' | 'dp'>, run: Serving): number {
  return run.tp * frame.cp * copiesOf(frame, run);
}

export function devicesOfFrame(frame: Frame): number {
  return frame.runs.reduce((sum, run) => sum + run.stages * devicesOfStage(frame, run), 0);
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

/** One of each list, all ways. */
export function combinations<T>(lists: readonly (readonly T[])[]): T[][] {
  return lists.reduce<T[][]>((all, list) => all.flatMap((head) => list.map((one) => [...head, one])), [[]]);
}

const MOST_CONTEXT = 64;

/** Context-parallel sizes for so many GPUs. */
export function contextSizes(limit: number): number[] {
  const list: number[] = [];
  for (let n = 1; n <= Math.min(limit, MOST_CONTEXT); n *= 2) list.push(n);
  return list;
}
