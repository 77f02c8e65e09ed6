import type { Precision } from './dtype.ts';
import type { Estimate } from './estimate.ts';
import type { Plan } from './plan.ts';
import type { Reason } from './reason.ts';
import type { Disturbed, SteadyChoice } from './step-range.ts';

export interface Variant {
  readonly plan: Plan;
  readonly stepSeconds: number;
}

export interface RankedPlan {
  /** 1 is best. */
  readonly rank: number;
  readonly plan: Plan;
  readonly estimate: Estimate;
  /** The plan family that produced it: `uniform`, `type-per-stage`, … */
  readonly family: string;
  /** Its step time differs from the best by less than the model's error. */
  readonly tiedWithBest: boolean;
  /** Under each disturbance that the problem can have; left out: not asked. */
  readonly disturbed?: readonly Disturbed[];
  /** The next best with the same layout and other switches. */
  readonly variants: readonly Variant[];
  /** How the stage cut was found and proven; null where there was nothing to cut. */
  readonly partition: PartitionProof | null;
}

/** What an integer program said of a choice that another method made. */
export interface IntegerProgramCheck {
  readonly solver: string;
  readonly status: 'optimal' | 'feasible' | 'infeasible' | 'unsolved';
  readonly objectiveSeconds: number | null;
  readonly boundSeconds: number | null;
}

/** What stands behind a stage cut. */
export interface PartitionProof {
  readonly method: 'even' | 'closed-form' | 'dynamic-programming' | 'sweep' | 'launcher';
  readonly objectiveSeconds: number;
  /** Layers were moved after the cut: the schedule, played out, was faster for it. */
  readonly settled?: true;
  /** Layers of each stage, given the groups that serve them. */
  readonly check: IntegerProgramCheck | null;
  /** Groups and layers together, groups in any order: a lower bound for these degrees; null where it was not asked. */
  readonly groups: IntegerProgramCheck | null;
  /** Micro-batches of unlike pipelines. */
  readonly shares: IntegerProgramCheck | null;
}

export interface Rejection {
  readonly rule: string;
  readonly count: number;
  /** One configuration it removed, as arithmetic, and why. */
  readonly example: { readonly configuration: string; readonly reason: Reason };
}

/** What was searched. `space` = Σ rejected + boundedAway + evaluated + left. */
export interface Certificate {
  readonly space: number;
  readonly rejected: readonly Rejection[];
  /** Removed because their lower bound exceeds the worst kept plan. */
  readonly boundedAway: number;
  readonly evaluated: number;
  /** Never looked at because the search was cut. */
  readonly left: number;
  /** The search was cut before all configurations were listed: the space is larger than that. */
  readonly unlisted?: boolean;
  /** Of the evaluated and the rejected: how many may have a better stage cut than the one tried, where that could win. */
  readonly unproven?: number;
  readonly optimal: boolean;
  /** (best − proven lower bound) / best; 0 when optimal, null before a plan was found. */
  readonly gap: number | null;
  /** `time-limit`, `max-evaluations`, `interrupted`, or null. */
  readonly cutBy: string | null;
}

export interface NearestMiss {
  readonly plan: Plan;
  readonly estimate: Estimate;
  readonly reason: Reason;
  /** What would make it fit, in words. */
  readonly remedy: string;
}

/** A node group that the best plan does not use. */
export interface IdleGroup {
  readonly group: string;
  readonly gpuType: string;
  readonly gpus: number;
  /** Whether the best plan that uses it was looked for. */
  readonly asked: boolean;
  /** Its step time; null: none runs, or not asked. */
  readonly stepSeconds: number | null;
  /** Why none runs; null where one does, or was not asked. Plan files of earlier versions leave this and the next out. */
  readonly reason?: Reason | null;
  /** In which precision the group could work, and the best step then, whichever GPUs it uses; null where precision is not why. */
  readonly otherwise?: { readonly precision: Precision; readonly stepSeconds: number } | null;
}

/** Orders of nodes under measured links, for the best plan. Seconds of the step. */
export interface PlacementSummary {
  readonly method: 'exact' | 'annealing';
  readonly stepSeconds: number;
  readonly rankOrderSeconds: number;
  readonly greedySeconds: number;
  readonly tried: number;
  readonly seed: number;
}

/** The best plan on a software stack of frameworks that run it. */
export interface OwnStack {
  readonly stack: string;
  readonly launchers: readonly string[];
  readonly stepSeconds: number;
  readonly fits: boolean;
}

/** What was tried by leave, and the best plan that does it. */
export interface Untaken {
  readonly allowed: string;
  /** Its rank; null: it is none of those that are told, or there is none. */
  readonly rank: number | null;
  /** Its step; null: no plan runs. */
  readonly stepSeconds: number | null;
  /** Of what plans are ranked by, how much more than the first; null: no plan runs. */
  readonly costShare: number | null;
  /** Why no plan runs: what refused the most; null: one does, or nothing here can do it. */
  readonly reason: Reason | null;
}

/** What stands beside the ranking: asked only where it can matter. */
export interface WhatIf {
  /** What plans are ranked by; left out: step time. */
  readonly objective?: 'tokens-per-dollar' | 'memory';
  /** Why the first plan is not the fastest, which it ties with; null: it is. Left out by earlier versions. */
  readonly steady?: SteadyChoice | null;
  /** The best plan does what is only tried when allowed: its step without; null: nothing fits without. Left out: it does not. */
  readonly unaided?: { readonly allowed: string; readonly stepSeconds: number | null } | null;
  /** What --allow names and the best plan does not do. Left out: nothing. */
  readonly untaken?: readonly Untaken[];
  /** Frameworks that run the best plan as printed. */
  readonly launchers: readonly string[];
  /** The same by stack, where plans were priced on none in particular. */
  readonly ownStacks?: readonly OwnStack[];
  readonly idle: readonly IdleGroup[];
  /** The best plan of other launchers, where it is more than 5 % faster; `freedoms`: what it has and the asked one lacks. */
  readonly freer: {
    readonly plan: RankedPlan;
    readonly launchers: readonly string[];
    readonly freedoms: readonly string[];
  } | null;
  /** The best plan of all where no framework runs it and it is more than 5 % faster still: why the closest refuses it. */
  readonly beyond: {
    readonly plan: RankedPlan;
    readonly framework: string;
    readonly reason: Reason;
    readonly freedoms: readonly string[];
  } | null;
  /** Where no configuration has what is held: the values that cannot be, and which can. */
  readonly cannot: readonly Reason[];
  /** Where no plan has what is held: the best plan without one of them. */
  readonly without: readonly { readonly held: string; readonly plan: RankedPlan }[];
  readonly placement: PlacementSummary | null;
  readonly slowLinks: readonly {
    readonly from: string;
    readonly to: string;
    readonly bytesPerSecond: number;
    readonly medianBytesPerSecond: number;
    readonly costSeconds: number;
  }[];
}

export interface SearchResult {
  readonly plans: readonly RankedPlan[];
  /** What the user would run otherwise: the same layers on every stage, all GPUs; a Reason when it cannot run. */
  readonly evenSplit: RankedPlan | Reason;
  readonly nearestMiss: NearestMiss | null;
  readonly certificate: Certificate;
  /** Nothing was searched: what the launcher (`launchable`: every one) says of the problem, however it is split. */
  readonly excluded?: { readonly by: string; readonly reason: Reason };
}
