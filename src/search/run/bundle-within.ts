import { leastSeconds } from '../../partition/problem.ts';
import type { BundleCuts, CutChain } from '../cut/cut-bundle.ts';
import type { Layout } from '../space/frame.ts';

/** Micro-batches that chains get done at most in a step of so many seconds, each by itself or as one pipeline with others of its depth. */
export function mostTogether(chosen: readonly CutChain[], seconds: number): number {
  return chosen.reduce((sum, one) => {
    const joins = joinsOf(chosen, one);
    const alone = one.pace.mostAlone(seconds);
    return (
      sum + Math.min(one.most, joins === null ? alone : Math.max(alone, one.pace.mostJoined(seconds, joins)))
    );
  }, 0);
}

/** The same, `after` following their last backward. */
export function doneWithin(chosen: readonly CutChain[], seconds: number): number {
  return chosen.reduce((sum, one) => {
    const joins = joinsOf(chosen, one);
    return sum + one.pace.mostWithin({ seconds, joins });
  }, 0);
}

/**
 * Fewest replicas of another of its depth; null: there is none. With one cut they are one pipeline, which shares out differently what
 * follows its last backward.
 */
export function joinsOf(chosen: readonly CutChain[], one: CutChain): number | null {
  const layouts = chosen.filter((other) => other !== one).map(({ candidate }) => candidate.layout);
  return fewestOf(layouts.filter(({ pp }) => pp === one.candidate.layout.pp));
}

export function fewestOf(layouts: readonly Layout[]): number | null {
  return layouts.length === 0 ? null : Math.min(...layouts.map(({ dp }) => dp));
}

/** Whether no other class has its cut, with which it would be one pipeline. */
export function staysAlone({ cuts }: BundleCuts, i: number): boolean {
  const own = cuts[i]!.cut.layersPerStage.join();
  return cuts.every(({ cut }, j) => j === i || cut.layersPerStage.join() !== own);
}

/** Seconds that the slowest of the pipelines, cut so, takes at least. */
export function leastOf({ cuts, shares }: BundleCuts): number {
  return Math.max(
    ...cuts.map(({ partition, cut }, i) => leastSeconds(partition, cut, shares.perReplica[i]!)),
  );
}
