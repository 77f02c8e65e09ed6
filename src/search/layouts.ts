import type { ModelSpec } from '../domain/model.ts';
import type { Problem } from '../domain/problem.ts';
import { expertsOf, isMoe } from '../layers/layer.ts';
import type { Dimensions, SearchOptions } from './options.ts';

/** A node group that serves so many consecutive stages, each replica on tp × cp of its GPUs. */
export interface Serving {
  readonly group: number;
  readonly stages: number;
  readonly tp: number;
}

/** Which devices form how many stages: everything about one chain of stages but its switches. */
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

export function devicesOfFrame({ runs, cp, dp }: Frame): number {
  return runs.reduce((sum, { stages, tp }) => sum + stages * tp * cp * dp, 0);
}

export function within(options: SearchOptions, name: keyof Dimensions, value: number): boolean {
  return (
    (options.fix[name] === undefined || options.fix[name] === value) &&
    value <= (options.max[name] ?? Number.POSITIVE_INFINITY)
  );
}

/** The layouts of a frame: one for a dense model, one for each way to place the experts of a sparse one. */
export function layoutsOf(problem: Problem, frame: Frame, options: SearchOptions): Layout[] {
  return expertSizes(problem.model, frame, options)
    .filter(({ ep, etp }) => within(options, 'ep', ep) && within(options, 'etp', etp))
    .map(({ ep, etp }) => ({ ...frame, ep, etp }));
}

/** Expert-parallel sizes that tile every stage: experts divisible, ep · etp dividing the devices of a stage. */
function expertSizes(
  model: ModelSpec,
  { runs, tp, cp, dp }: Frame,
  options: SearchOptions,
): { ep: number; etp: number }[] {
  if (!isMoe(model)) return [{ ep: 1, etp: 1 }];
  const experts = Math.min(...expertsOf(model));
  const tensor = tp > 1 || options.fix.etp !== undefined ? [1, tp] : [1];
  return tensor.flatMap((etp) =>
    divisors(experts)
      .filter((ep) => runs.every((run) => (run.tp * cp * dp) % (ep * etp) === 0))
      .map((ep) => ({ ep, etp })),
  );
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
