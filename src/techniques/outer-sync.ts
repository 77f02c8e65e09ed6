import type { Device, Point } from '../domain/memory-term.ts';

/** How pipelines of a plan that train apart average what they changed. */
export interface OuterSync {
  /** Steps from one time that a parameter is averaged to the next. */
  readonly steps: number;
  /** Parts of the model, each on its way by itself, all of them once in these steps. */
  readonly fragments: number;
  /** Steps beside which each may be on its way. */
  readonly delay: number;
  /** An all-reduce, or each island's bytes to all others. */
  readonly exchange: 'ring' | 'to-all';
  /** Bytes of a parameter as they are sent. */
  readonly bytes: number;
}

/** What lies beside the optimizer's states: bytes of each parameter that a GPU updates. */
export interface BesideStates {
  readonly part: string;
  readonly device: Device;
  readonly bytes: number;
  /** Left out: all through the step. */
  readonly at?: readonly Point[];
}
