import type { NodeGroup } from '../../domain/cluster.ts';
import type { Problem } from '../../domain/problem.ts';
import { isMoe } from '../../layers/layer.ts';
import { combinations, contextSizes, divisors, type Frame, frameOf, type Serving } from './frame.ts';
import { groupOrders, groupSize } from './group-orders.ts';
import { type SearchOptions, within } from './options.ts';

/** Pipelines deeper than this only take depths that divide the layers, with or without the ends counted as layers. */
const ANY_DEPTH = 16;
/** Combinations of stage counts of several groups that are all tried; above it only all of a group, half of it and one stage. */
const MOST_COUNTS = 64;
/** More groups than this each give all the stages they hold, or none. */
const MOST_PARTIAL = 3;
/** Groups whose tensor-parallel degrees may differ from each other. */
const MOST_UNLIKE = 2;
export const MOST_TENSOR = 16;

/**
 * Every arrangement of node groups into one chain of stages: for each ordered set of groups, each context and data
 * parallel size, each tensor-parallel degree of each group, each number of stages that a group may serve.
 */
export function* chains(problem: Problem, options: SearchOptions): Iterable<Frame> {
  for (const groups of groupOrders(problem.cluster)) {
    yield* chainsOf(problem, groups, options);
    yield* unlikeChains(problem, groups, options);
  }
}

/** How many times fewer copies some stages may have than others. */
const FOLDS = [1, 2, 4, 8];
/** Groups of which stages may differ in the number of their copies. */
const MOST_MESHES = 3;

/**
 * Chains whose groups have unlike numbers of copies, micro-batch × copies the same on every stage (FlagScale's meshes), and
 * those of three groups with unlike degrees of tensor parallelism: where they leave no GPU of their groups idle.
 */
export function* unlikeChains(
  { model, workload }: Problem,
  groups: readonly NodeGroup[],
  options: SearchOptions,
): Iterable<Frame> {
  const { counts } = options.fix;
  const held = counts.dp ?? counts['micro-batch'] ?? counts['dp-replicate'];
  if (groups.length < 2 || groups.length > MOST_MESHES || held !== undefined) return;
  if (options.alikeStages || isMoe(model)) return;
  const folds = combinations(groups.map(() => FOLDS)).filter((fold) => Math.min(...fold) === 1);
  const copies = divisors(workload.globalBatchSize).filter((dp) => within(options, 'dp', dp));
  for (const tps of tensorSizes(groups, options, MOST_MESHES))
    for (const fold of folds) {
      // Those are among the others.
      if (Math.max(...fold) === 1 && (groups.length <= MOST_UNLIKE || new Set(tps).size === 1)) continue;
      for (const dp of copies) {
        const perStage = groups.map((_, i) => (tps[i]! * dp) / fold[i]!);
        const stages = groups.map((group, i) => groupSize(group) / perStage[i]!);
        const pp = stages.reduce((a, b) => a + b, 0);
        if (fold.some((one) => dp % one !== 0) || !stages.every((n) => Number.isInteger(n))) continue;
        if (pp > model.layers.length || !within(options, 'pp', pp)) continue;
        const runs = groups.map(
          ({ index }, i): Serving => ({
            ...{ group: index, stages: stages[i]!, tp: tps[i]! },
            ...(fold[i] === 1 ? {} : { fold: fold[i]! }),
          }),
        );
        yield frameOf(runs, 1, dp);
      }
    }
}

export function* chainsOf(
  { model, workload }: Problem,
  groups: readonly NodeGroup[],
  options: SearchOptions,
): Iterable<Frame> {
  const copies = options.fix.counts['dp-replicate'] ?? 1;
  const even = divisors(workload.globalBatchSize).filter((d) => d % copies === 0 && within(options, 'dp', d));
  for (const tps of tensorSizes(groups, options)) {
    const widest = Math.min(...groups.map((group, i) => Math.floor(groupSize(group) / tps[i]!)));
    for (const cp of contextSizes(widest).filter((c) => within(options, 'cp', c))) {
      const room = (i: number) => Math.floor(groupSize(groups[i]!) / (tps[i]! * cp));
      const uneven = new Set(copies > 1 ? [] : unevenCopies(widest / cp, workload.globalBatchSize, options));
      for (const dp of [...even, ...uneven]) {
        if (cp * dp > widest) continue;
        const most = groups.map((_, i) => Math.floor(room(i) / dp));
        for (const stages of stageCounts(most, model.layers.length, options)) {
          // Unequal shares pay where no more copies fit on these stages.
          if (uneven.has(dp) && stages.every((n, i) => n * (dp + 1) <= room(i))) continue;
          const runs = groups.map((group, i) => ({ group: group.index, stages: stages[i]!, tp: tps[i]! }));
          yield frameOf(runs, cp, dp);
        }
      }
    }
  }
}

/** As many copies as fit beside each other for some number of stages, where they do not divide the batch. */
function unevenCopies(most: number, batch: number, options: SearchOptions): number[] {
  if (options.alikeStages) return [];
  const fullest = Array.from({ length: Math.floor(most) }, (_, i) => Math.floor(most / (i + 1)));
  return [...new Set(fullest)].filter((d) => d <= batch && batch % d !== 0 && within(options, 'dp', d));
}

/** A degree for each group: the same for all, and for up to `most` groups also unlike ones; inside the fast domain unless asked for. */
function tensorSizes(groups: readonly NodeGroup[], options: SearchOptions, most = MOST_UNLIKE): number[][] {
  const { tp: held } = options.fix.counts;
  const each = groups.map((group) => {
    const inside = divisors(Math.min(group.fastDomainGpus, groupSize(group))).filter((t) => t <= MOST_TENSOR);
    const outside = held !== undefined && !inside.includes(held) && groupSize(group) % held === 0;
    return (outside ? [held] : inside).filter((t) => within(options, 'tp', t));
  });
  const alike = each[0]!
    .filter((t) => each.every((sizes) => sizes.includes(t)))
    .map((t) => groups.map(() => t));
  if (groups.length === 1 || groups.length > most || options.alikeStages) return alike;
  return [...alike, ...combinations(each).filter((tps) => tps.some((tp) => tp !== tps[0]))];
}

/** Numbers of stages for each group, in all at most one per layer. */
function stageCounts(most: readonly number[], layers: number, options: SearchOptions): number[][] {
  const fits = (counts: readonly number[]) => {
    const pp = counts.reduce((a, b) => a + b, 0);
    return pp <= layers && within(options, 'pp', pp);
  };
  if (most.length === 1) return depths(most[0]!, layers).filter(fits);
  const full = most.map((n) => upTo(Math.min(n, layers)));
  const all = full.reduce((product, list) => product * list.length, 1);
  const lists =
    all <= MOST_COUNTS
      ? full
      : most.map((n) => [...new Set(most.length > MOST_PARTIAL ? [n] : [n, Math.ceil(n / 2), 1])]);
  return combinations(lists).filter(fits);
}

function depths(most: number, layers: number): number[][] {
  return upTo(Math.min(most, layers))
    .filter((pp) => pp <= ANY_DEPTH || [layers, layers + 1, layers + 2].some((n) => n % pp === 0))
    .map((pp) => [pp]);
}

function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1);
}
