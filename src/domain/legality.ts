import type { Plan, Techniques } from './plan.ts';
import type { Problem } from './problem.ts';
import type { Reason } from './reason.ts';

/** A node group that serves stages, each replica with so many tensor-parallel ranks. */
interface Served {
  readonly group: number;
  readonly tp: number;
}

/** A plan before its layers are cut. */
export interface Outline {
  /** What serves its stages, from the first on. */
  readonly served: readonly Served[];
  /** Stages of its deepest pipeline. */
  readonly depth: number;
  /** Pipelines side by side are not all alike. */
  readonly severalPipelines: boolean;
  /** Pipelines may be islands that train apart, each a job of its own; left out: they are one job. */
  readonly apart?: true;
  readonly cp: number;
  /** Stages have more than one chunk of layers. */
  readonly severalChunks: boolean;
  /** All copies take as many micro-batches. */
  readonly equalShares: boolean;
  /** All stages have as many copies. */
  readonly equalCopies: boolean;
}

/** What a framework will not run: all that a search needs to know of one. */
export interface Legality {
  readonly id: string;
  /** The first of its rules that the plan breaks, or null. */
  reject(problem: Problem, plan: Plan): Reason | null;
  /** Why no plan for this problem can run, whatever its split; left out: each plan is looked at. */
  excludes?(problem: Problem): Reason | null;
  /** Why no plan that has these techniques can run, whatever else it is; left out: each plan is looked at. */
  refusesTechniques?(problem: Problem, techniques: Techniques): Reason | null;
  /** Why no plan of this outline can run, however its layers are cut. */
  refuses?(problem: Problem, outline: Outline): Reason | null;
  /** Why a plan cannot run, whatever the layers of its stages; left out: each cut is looked at. */
  refusesUncut?(problem: Problem, plan: Plan): Reason | null;
  /** The only schedule of its pipelines; left out: those of the search. */
  readonly schedule?: string;
  /** For a framework that cuts the layers itself: those of each stage, or null where it can give none. */
  layerCut?(problem: Problem, stages: number, tp: number): readonly number[] | null;
}
