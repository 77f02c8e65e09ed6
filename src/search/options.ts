import type { Plan, ScheduleId } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import { BY_TIME, type Objective } from './objective.ts';

/** Dimensions a user may fix or bound, by the names of `--config`. */
export interface Dimensions {
  readonly tp: number;
  readonly cp: number;
  readonly pp: number;
  readonly dp: number;
  readonly ep: number;
  readonly etp: number;
  readonly vpp: number;
  readonly 'micro-batch': number;
  readonly sharding: number;
}

/** What a launcher will not run. The search only needs this much of a launcher. */
export interface Legality {
  readonly id: string;
  /** The first of its rules that the plan breaks, or null. */
  reject(problem: Problem, plan: Plan): Reason | null;
  /** Why no plan for this problem can run, whatever its split; left out: each plan is looked at. */
  excludes?(problem: Problem): Reason | null;
  /** The only schedule of its pipelines; left out: those of the search. */
  readonly schedule?: ScheduleId;
  /** For a framework that cuts the layers itself: those of each stage, or null where it can give none. */
  layerCut?(problem: Problem, stages: number, tp: number): readonly number[] | null;
}

export interface SearchOptions {
  /** Plans to return. */
  readonly top: number;
  readonly fix: Partial<Dimensions> & { readonly recompute?: string; readonly schedule?: ScheduleId };
  readonly max: Partial<Dimensions>;
  readonly launcher: Legality | null;
  /** Only plans whose stages all have one tensor-parallel degree, in one pipeline: what most launchers run. */
  readonly alikeStages: boolean;
  readonly objective: Objective;
  /** A value that is known to be reached: what cannot beat it is left aside from the start (a warm start). */
  readonly threshold: number;
  /** Cost every configuration that no rule rejects: what the bounds are checked against. */
  readonly exhaustive: boolean;
  /** Node groups that every plan must use, by index. */
  readonly mustUse: readonly number[];
  /** Most GPUs a plan may use. */
  readonly maxGpus: number;
  /** Asked now and then; returns why to stop, or null. */
  readonly interrupted: () => string | null;
  readonly maxEvaluations: number;
  /** Called now and then with what has been done. */
  readonly progress?: (evaluated: number, left: number, bestSeconds: number | null) => void;
}

export const DEFAULT_OPTIONS: SearchOptions = {
  top: 5,
  fix: {},
  max: {},
  launcher: null,
  alikeStages: false,
  exhaustive: false,
  objective: BY_TIME,
  threshold: Number.POSITIVE_INFINITY,
  mustUse: [],
  maxGpus: Number.POSITIVE_INFINITY,
  interrupted: () => null,
  maxEvaluations: Number.POSITIVE_INFINITY,
};
