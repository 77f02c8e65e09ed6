import type { Amounts, Holding, Parameters } from './holding.ts';

/** Seconds of communication beside one layer's pass of one micro-batch, and the share of it that compute may hide. */
export interface PassTraffic {
  readonly pass: 'forward' | 'backward';
  readonly seconds: number;
  readonly hideable: number;
  /** By the GPU's copy engines: what runs beside it is not slowed. */
  readonly copied?: true;
}

/** Seconds once a step, before any of it is hidden. */
export interface StepTraffic {
  /** After the last backward of a stage. */
  readonly reduce: number;
  /** Before its first forward. */
  readonly gather: number;
  /** Beside the optimizer's kernels on the GPU: for states that lie elsewhere. */
  readonly update: number;
  /** After the last backward, in the open: gradients on their way to where their states lie. */
  readonly flush: number;
  /** The same beside backward, as far as it reaches. */
  readonly drain: number;
  /** Beside all of the next step, which has weights one step old: it counts as far as it outlasts that. */
  readonly beside: number;
}

/** Nothing travels. */
export const NO_TRAFFIC: StepTraffic = { reduce: 0, gather: 0, update: 0, flush: 0, drain: 0, beside: 0 };

/** Of one layer, or an end of the model: what it owns, and bytes that one micro-batch keeps elsewhere than on the GPU. */
export interface LayerAmounts extends Amounts {
  /** It is an end of the model. */
  readonly end?: true;
  readonly kept: { readonly offloaded: number };
}

/** What a stage has for one step: parameters of one GPU with nothing sharded, and how techniques share out their states. */
export interface StepStates extends Amounts {
  /** HBM bytes of one optimizer step, where all states lie on the GPU. */
  readonly step: Parameters;
  /** Bytes of them, as if one GPU had all. */
  readonly 'optimizer states': Parameters;
  readonly holdings: readonly Holding[];
  /** Ranks update whole weights: each needs the whole gradient of those that it has. */
  readonly whole: boolean;
}
