import type { Verdict } from './estimate.ts';
import type { Reason } from './reason.ts';
import type { RankedPlan } from './search-result.ts';
import type { Disturbed } from './step-range.ts';
import type { Timeline } from './timeline.ts';

/** What one change of a plan, or of its cluster, does to the step. */
export interface Change {
  /** `configuration`: text for --config; `hardware`: words. */
  readonly kind: 'configuration' | 'hardware';
  /** What differs. */
  readonly what: string;
  /** All of the changed plan, as --config takes it. */
  readonly configuration: string;
  readonly stepSeconds: number;
  /** Of the step: −0.018 is 1.8 % less. */
  readonly effect: number;
  readonly verdict: Verdict;
  /** What the fullest GPU has left below its limit; less than nothing: what it lacks. */
  readonly roomBytes: number;
  /** Of the stage with the fullest GPU. */
  readonly stage: number;
  readonly group: string;
}

/** What a link at twice its rate would save of the step. */
export interface LinkEffect {
  /** `nvlink4 inside nodes of h100` */
  readonly link: string;
  readonly effect: number;
}

/** The GPUs that serve a stage. */
export interface StageSeats {
  readonly pipeline: number;
  readonly stage: number;
  readonly layers: number;
  /** In rank order; GPUs by their local index. */
  readonly runs: readonly {
    readonly host: string;
    readonly group: string;
    readonly gpus: readonly number[];
  }[];
}

/** Why a plan costs what it does, and what would cost less. */
export interface Explanation {
  readonly timeline: Timeline;
  /** Share of the pipelines' time in which each stage works, transfers in the open included; in the order of pipelines and stages. */
  readonly busyShares: readonly {
    readonly pipeline: number;
    readonly stage: number;
    readonly share: number;
  }[];
  /** The most first. */
  readonly links: readonly LinkEffect[];
  readonly seats: readonly StageSeats[];
  readonly evenSplit: RankedPlan | Reason;
  /** The plan under each disturbance that the problem can have. */
  readonly disturbed: readonly Disturbed[];
  /** Every change asked for, the fastest first. */
  readonly changes: readonly Change[];
}
