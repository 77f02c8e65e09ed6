import type { Entry } from './entry.ts';
import type { Findings, Known, Refined } from './open.ts';
import type { Batch } from './part.ts';

/** Entries to work on before what they found is compared: each knows the same threshold, so any number of threads may share them. */
export interface Round extends Batch, Known {
  readonly queue: readonly Entry[];
}

/** What a round brought: the findings of its entries in their order, and why it stopped before its end, if it did. */
export interface RoundOutcome {
  readonly findings: readonly (Findings | Refined)[];
  readonly cutBy: string | null;
}
