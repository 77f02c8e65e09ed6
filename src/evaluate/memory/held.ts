import type { MemoryTerm } from '../../domain/memory-term.ts';
import type { Ends } from '../../domain/plan.ts';
import type { Limits } from './device.ts';
import type { Gathered } from './gathered.ts';

/** Where a stage stands in its pipeline. */
export interface StagePlace {
  readonly chunks: number;
  readonly ends: Ends;
  /** Versions of its weights that the stage keeps: more than one where the next step begins before this one has ended. */
  readonly weightVersions: number;
  /** It has more than one micro-batch a step, so that gradients are there when all but the first go forward. */
  readonly accumulates: boolean;
}

/** What GPUs of one profile in one place of a pipeline hold, whatever their layers. */
export interface Held {
  readonly place: StagePlace;
  readonly terms: readonly MemoryTerm[];
  readonly points: readonly Gathered[];
  readonly limits: Limits;
}

/** What one profile holds: its terms, and all that was asked for. */
export interface HeldByPlace {
  terms: ((place: StagePlace) => MemoryTerm[]) | null;
  readonly places: Held[];
}

export function samePlace(a: StagePlace, b: StagePlace): boolean {
  return (
    a.chunks === b.chunks &&
    a.weightVersions === b.weightVersions &&
    a.accumulates === b.accumulates &&
    a.ends.embedding === b.ends.embedding &&
    a.ends.head === b.ends.head
  );
}
