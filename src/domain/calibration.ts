/** Kinds of run that are known unlike well. */
export const RUN_KINDS = ['dense', 'narrow', 'sparse', 'weak'] as const;
export type RunKind = (typeof RUN_KINDS)[number];

/**
 * By what estimates are to be corrected, as a user's own runs say: few factors with a physical meaning. Left out: what the runs could not
 * tell, or what is right as it is.
 */
export interface CalibrationFactors {
  /** Of the whole step: kernels and launches of that software on those GPUs. */
  readonly time?: number;
  /** Of the bandwidth between nodes. */
  readonly network?: number;
  /** Of the bandwidth between GPUs of a node. */
  readonly intraNode?: number;
  /** Of the bytes that a GPU allocates; never below 1. */
  readonly memory?: number;
}

/** An overlay over cluster and stack, from a user's runs (`shardwright calibrate`), and what those runs stand for. */
export interface Calibration {
  readonly name: string;
  /** Id of the stack that ran. */
  readonly stack: string;
  /** Ids of the GPUs that it ran on. */
  readonly gpus: readonly string[];
  /** Ids of the links between nodes and inside them that runs went over. */
  readonly networks: readonly string[];
  readonly intraNodes: readonly string[];
  readonly kinds: readonly RunKind[];
  /** GPUs of the smallest and of the largest run. */
  readonly gpuCounts: { readonly least: number; readonly most: number };
  /** Configurations that differ. */
  readonly runs: number;
  /** Training steps that were measured; null: not stated. */
  readonly steps: number | null;
  readonly factors: CalibrationFactors;
  /** Relative error, one side, that four of five runs stayed within while left out of the fit; null: too few of them to say. */
  readonly band: number | null;
}

/** What of a calibration holds for a problem. */
export interface AppliedCalibration {
  readonly calibration: Calibration;
  /** Why nothing of it does; null: it does. */
  readonly unfit: string | null;
  /** Factors that do; where `left` names any, `time` is of the kernels of the other GPUs alone, and links' factors of their links. */
  readonly factors: CalibrationFactors;
  /** Ids of GPUs here that the runs say nothing of: as estimated, but for allocated memory. */
  readonly left: readonly string[];
}
