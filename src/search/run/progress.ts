import type { Progress } from '../space/options.ts';
import type { Entry } from './entry.ts';
import type { Run } from './run.ts';

/** What a run of a queue has done; `least`: of the bounds that are left, `threshold`: what they have to beat. */
export function progressOf(
  { evaluated, kept }: Pick<Run, 'evaluated' | 'kept'>,
  queue: readonly Entry[],
  least: number,
  threshold: number,
): Progress {
  const bestSeconds = kept[0]?.estimate.stepSeconds ?? null;
  return { evaluated, share: shareDone(queue[0]?.bound ?? 0, least, threshold), bestSeconds };
}

/**
 * How far a search that opens the best bound first has come, from 0 to 1: on the way from the first bound to the value that the rest
 * has to beat. It knows nothing of the work on that way, and nothing before it has a plan.
 */
function shareDone(first: number, least: number, threshold: number): number {
  if (!Number.isFinite(threshold) || threshold <= first) return 0;
  return Math.min(1, Math.max(0, (least - first) / (threshold - first)));
}
