import type { Bundle } from '../space/bundles.ts';
import type { Frame } from '../space/frame.ts';
import type { UnlikeCopies } from '../space/unlike-copies.ts';

/** What the search opens at once, one of three: a chain of stages, unlike pipelines side by side, one stage on unlike GPUs. */
export interface Entry {
  readonly frame: Frame | null;
  readonly bundle: Bundle | null;
  readonly copies: UnlikeCopies | null;
  /** No plan of it has a smaller value. */
  readonly bound: number;
  /** Configurations in it. */
  readonly count: number;
}
