import type { NodeGroup } from '../../domain/cluster.ts';
import type { Problem } from '../../domain/problem.ts';
import { isMoe } from '../../layers/layer.ts';
import { chainsOf } from './chains.ts';
import { devicesOfFrame, type Frame } from './frame.ts';
import { groupSize, subsets } from './group-orders.ts';
import type { SearchOptions } from './options.ts';

/**
 * Data-parallel pipelines of different make-up: each class of pipelines is a chain over its own node groups, with its own
 * tensor-parallel degree, depth and number of replicas; micro-batches are dealt so that all end together.
 */
export interface Bundle {
  /** By class: the chains it may be. */
  readonly classes: readonly (readonly Frame[])[];
}

/** More groups than this each form a class of their own, or stay idle. */
const MOST_CHAINED = 3;
const MOST_CLASSES = 4;

export function bundles(problem: Problem, options: SearchOptions): Bundle[] {
  const { groups } = problem.cluster;
  const { counts } = options.fix;
  if (groups.length < 2 || options.alikeStages || isMoe(problem.model)) return [];
  // A bundle has no one depth, degree or number of replicas, and no virtual stages.
  if (counts.pp !== undefined || counts.dp !== undefined || counts.tp !== undefined) return [];
  if ((counts.vpp ?? 1) > 1 || (counts.cp ?? 1) > 1 || (counts['dp-replicate'] ?? 1) > 1) return [];
  if (groups.length > 6) return [];
  return subsets(groups)
    .filter((set) => set.length > 1 && options.mustUse.every((i) => set.some((g) => g.index === i)))
    .filter((set) => !set.some(({ index }) => options.avoid.includes(index)))
    .filter((set) => set.reduce((sum, g) => sum + groupSize(g), 0) <= options.maxGpus)
    .flatMap((set) => partitions(set, groups.length <= MOST_CHAINED))
    .filter((classes) => classes.length > 1 && classes.length <= MOST_CLASSES)
    .map((classes) => ({ classes: classes.map((set) => fullChains(problem, set, options)) }))
    .filter(({ classes }) => classes.every((frames) => frames.length > 0));
}

/** The chains over exactly these groups, in any order, that leave none of their GPUs idle; without context parallelism. */
function fullChains(problem: Problem, set: readonly NodeGroup[], options: SearchOptions): Frame[] {
  const all = set.reduce((sum, group) => sum + groupSize(group), 0);
  const orders = set.length === 1 ? [[...set]] : [[...set], [...set].reverse()];
  const free = {
    ...problem,
    workload: { ...problem.workload, globalBatchSize: highlyDivisible(all) },
  };
  return orders.flatMap((order) =>
    [...chainsOf(free, order, { ...options, max: withoutContext(options) })].filter(
      (frame) => devicesOfFrame(frame) === all,
    ),
  );
}

function withoutContext({ max }: SearchOptions): SearchOptions['max'] {
  return { ...max, counts: { ...max.counts, cp: 1 } };
}

/** Replica counts of a class need not divide the batch: any up to the class's GPUs may be. */
function highlyDivisible(gpus: number): number {
  let n = 1;
  for (let d = 2; d <= gpus; d++) if (gpus % d === 0) n = lcm(n, d);
  return n;
}

function lcm(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return (a / x) * b;
}

/** All ways to split a set into classes; without chaining only into single groups. */
function partitions<T>(set: readonly T[], chaining: boolean): T[][][] {
  if (!chaining) return [set.map((one) => [one])];
  if (set.length === 0) return [[]];
  const [first, ...rest] = set as [T, ...T[]];
  return partitions(rest, true).flatMap((classes) => [
    [[first], ...classes],
    ...classes.map((_, i) => classes.map((one, j) => (i === j ? [first, ...one] : one))),
  ]);
}
