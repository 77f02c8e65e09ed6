import type { NodeGroup } from '../../domain/cluster.ts';
import type { Problem } from '../../domain/problem.ts';
import { MOST_TENSOR } from './chains.ts';
import { type Choice, MOST_MICRO_BATCH, techniquesFor } from './choices.ts';
import { combinations, contextSizes, divisors, type Frame, frameOf } from './frame.ts';
import { groupSize, subsets } from './group-orders.ts';
import { layoutsOf } from './layouts.ts';
import { type SearchOptions, within } from './options.ts';

/**
 * One stage whose data-parallel copies stand on unlike GPUs: what data parallelism, ZeRO and FSDP over several node groups
 * are. All copies are of one tensor-parallel and one context-parallel size, and share one set of states.
 */
export interface UnlikeCopies {
  readonly groups: readonly CopiesOn[];
  readonly tp: number;
  readonly cp: number;
  /** Copies of all groups together. */
  readonly dp: number;
  readonly ep: number;
  readonly etp: number;
}

interface CopiesOn {
  readonly group: number;
  readonly count: number;
}

/** Of more node groups than this only all together are tried. */
const MOST_GROUPS = 6;
/** Sets of more groups are left out but for the whole. */
const MOST_MIXED = 4;

export function unlikeCopies(problem: Problem, options: SearchOptions): UnlikeCopies[] {
  const { groups } = problem.cluster;
  const { counts } = options.fix;
  if (groups.length < 2 || (counts.pp ?? 1) > 1 || (counts.vpp ?? 1) > 1) return [];
  const sets = groups.length <= MOST_GROUPS ? subsets(groups) : [[...groups]];
  return sets
    .filter((set) => set.length > 1 && (set.length <= MOST_MIXED || set.length === groups.length))
    .filter((set) => options.mustUse.every((i) => set.some(({ index }) => index === i)))
    .filter((set) => !set.some(({ index }) => options.avoid.includes(index)))
    .flatMap((set) => framesOn(problem, set, options));
}

/** Nodes of a group that are tried where a set has two groups: so many, or a power of two, or all. */
const FEW_NODES = 4;
/** Of larger sets, combinations of node counts that are all tried; above it each group gives all its nodes or half of them. */
const MOST_TAKEN = 27;
/** Combinations of all and half of the nodes that are tried; above it all groups give all. */
const MOST_HALVED = 64;

/** Nodes of each group of a set, all ways that are tried. */
function nodesTaken(set: readonly NodeGroup[]): number[][] {
  const some = set.map(({ nodes }) => {
    const few = Array.from({ length: Math.min(nodes, FEW_NODES) }, (_, i) => i + 1);
    const powers = Array.from({ length: Math.floor(Math.log2(nodes)) + 1 }, (_, i) => 2 ** i);
    return [...new Set([...few, ...powers, nodes])];
  });
  const all = some.reduce((product, list) => product * list.length, 1);
  if (set.length <= 2 || all <= MOST_TAKEN) return combinations(some);
  const halves = set.map(({ nodes }) => [...new Set([nodes, Math.ceil(nodes / 2)])]);
  const half = halves.reduce((product, list) => product * list.length, 1);
  return half <= MOST_HALVED ? combinations(halves) : [set.map(({ nodes }) => nodes)];
}

/** Every size of copy that each group of the set has room for: as many copies as fit, and as many as divide the batch. */
function framesOn(problem: Problem, set: readonly NodeGroup[], options: SearchOptions): UnlikeCopies[] {
  const { globalBatchSize } = problem.workload;
  return tensorSizes(set, options).flatMap((tp) =>
    contextSizesOf(set, tp, options).flatMap((cp) => {
      const found = new Map<string, Pick<UnlikeCopies, 'groups' | 'dp'>>();
      for (const taken of nodesTaken(set)) {
        const full = set.map(({ index, gpusPerNode }, i) => ({
          group: index,
          count: Math.floor((taken[i]! * gpusPerNode) / (tp * cp)),
        }));
        const all = full.reduce((sum, { count }) => sum + count, 0);
        const equal = divisors(globalBatchSize).findLast((dp) => dp <= all) ?? all;
        for (const dp of [all, equal]) {
          const groups = fewer(full, all - dp);
          if (groups.every(({ count }) => count > 0)) found.set(JSON.stringify(groups), { groups, dp });
        }
      }
      return [...found.values()]
        .filter(
          ({ dp }) => dp <= globalBatchSize && dp * tp * cp <= options.maxGpus && within(options, 'dp', dp),
        )
        .flatMap(({ groups, dp }) => withExperts(problem, { groups, tp, cp, dp }, options));
    }),
  );
}

/** Without some copies, of the largest groups first. */
function fewer(full: readonly CopiesOn[], without: number): CopiesOn[] {
  const counts = full.map(({ count }) => count);
  for (let i = 0; i < without; i++) counts[counts.indexOf(Math.max(...counts))]! -= 1;
  return full.map(({ group }, i) => ({ group, count: counts[i]! }));
}

function tensorSizes(set: readonly NodeGroup[], options: SearchOptions): number[] {
  const least = Math.min(...set.map((group) => Math.min(group.fastDomainGpus, groupSize(group))));
  return divisors(least).filter(
    (tp) =>
      tp <= MOST_TENSOR &&
      set.every(({ fastDomainGpus }) => fastDomainGpus % tp === 0) &&
      within(options, 'tp', tp),
  );
}

function contextSizesOf(set: readonly NodeGroup[], tp: number, options: SearchOptions): number[] {
  const most = Math.min(...set.map((group) => groupSize(group) / tp));
  return contextSizes(most).filter((cp) => within(options, 'cp', cp));
}

/** Experts lie inside the copies of each group. */
function withExperts(
  problem: Problem,
  of: Omit<UnlikeCopies, 'ep' | 'etp'>,
  options: SearchOptions,
): UnlikeCopies[] {
  const sizes = of.groups.map((one) => layoutsOf(problem, chainOn(of, one), options));
  return sizes[0]!
    .filter(({ ep, etp }) => sizes.every((list) => list.some((one) => one.ep === ep && one.etp === etp)))
    .map(({ ep, etp }) => ({ ...of, ep, etp }));
}

/** The copies of one group as a chain of their own. */
export function chainOn({ tp, cp }: Pick<UnlikeCopies, 'tp' | 'cp'>, { group, count }: CopiesOn): Frame {
  return frameOf([{ group, stages: 1, tp }], cp, count);
}

/** How the batch is dealt to unlike copies: micro-batches of one size to all, or of the size that suits each. */
export interface Dealing {
  /** Micro-batches of each copy. */
  readonly microBatches: number;
  readonly sizes: 'equal' | 'own';
}

/** Sizes that copies may choose from, beside the divisors of the batch. */
const SIZES = [1, 2, 3, 4, 6, 8, 12, 16];

export function sizesToChoose({ workload }: Problem): number[] {
  const even = divisors(workload.globalBatchSize).filter((size) => size <= MOST_MICRO_BATCH);
  return [...new Set([...SIZES, ...even])].sort((a, b) => a - b);
}

export function dealings({ workload }: Problem, { dp }: UnlikeCopies, options: SearchOptions): Dealing[] {
  const held = options.fix.counts['micro-batch'];
  const { globalBatchSize } = workload;
  return divisors(globalBatchSize).flatMap((microBatches): Dealing[] => {
    const mean = globalBatchSize / microBatches / dp;
    if (mean < 1 || mean > Math.max(MOST_MICRO_BATCH, held ?? 0)) return [];
    const equal = Number.isInteger(mean) && within(options, 'micro-batch', mean);
    return [
      ...(equal ? [{ microBatches, sizes: 'equal' } as const] : []),
      ...(held === undefined && dp > 1 ? [{ microBatches, sizes: 'own' } as const] : []),
    ];
  });
}

/** Techniques, apart from the size of micro-batches. */
export function copiesChoices(
  problem: Problem,
  { tp, cp, dp }: UnlikeCopies,
  options: SearchOptions,
): Omit<Choice, 'microBatchSize'>[] {
  const chain = { family: 'uniform', tp, cp, pp: 1, dp, sequences: dp, sharing: 1 } as const;
  return techniquesFor(problem, chain, options).filter(({ fewest, vpp }) => fewest === null && vpp === 1);
}
