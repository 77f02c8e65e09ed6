import type { NodeGroup } from '../../domain/cluster.ts';
import type { Problem } from '../../domain/problem.ts';
import { splitLaw } from '../../laws/split.ts';
import { isMoe } from '../../layers/layer.ts';
import { scheduleOf } from '../../schedules/index.ts';
import { remembered } from '../../units/remembered.ts';
import { chainsOf } from './chains.ts';
import { type Choice, choices } from './choices.ts';
import { devicesOfFrame, type Layout } from './frame.ts';
import { groupSize } from './group-orders.ts';
import { divisions, keyOf } from './group-parts.ts';
import { layoutsOf } from './layouts.ts';
import type { SearchOptions } from './options.ts';

/**
 * Data-parallel pipelines of different make-up: each class of pipelines is a chain over its own nodes, with its own
 * tensor-parallel degree, depth and number of replicas; micro-batches are dealt so that all end together.
 */
export interface Bundle {
  /** By class: the chains it may be, all of them of one context-parallel, expert-parallel and expert-tensor-parallel size. */
  readonly classes: readonly (readonly Layout[])[];
}

const MOST_CLASSES = 4;
/** Clusters of more groups have no bundles. */
const MOST_GROUPS = 6;

export function bundles(problem: Problem, options: SearchOptions): Bundle[] {
  const { groups } = problem.cluster;
  const { counts } = options.fix;
  if (groups.length < 2 || groups.length > MOST_GROUPS || options.alikeStages) return [];
  // A bundle has no one depth, degree or number of replicas, and no virtual stages.
  if (counts.pp !== undefined || counts.dp !== undefined || counts.tp !== undefined) return [];
  if ((counts.vpp ?? 1) > 1 || (counts['dp-replicate'] ?? 1) > 1) return [];
  const known = new Map<string, ReadonlyMap<string, Layout[]>>();
  // Ways to place experts are many: a sparse model takes whole groups, and splits experts over their own ranks alone.
  const sparse = isMoe(problem.model);
  const etp = sparse ? { etp: 1, ...options.fix.counts } : options.fix.counts;
  const here = { ...options, fix: { ...options.fix, counts: etp } };
  return divisions(problem.cluster, sparse)
    .filter((classes) => classes.length <= MOST_CLASSES && allowed(classes.flat(), options))
    .flatMap((classes) =>
      together(classes.map((set) => remembered(known, keyOf(set), () => layoutsOn(problem, set, here)))),
    );
}

function allowed(parts: readonly NodeGroup[], { mustUse, avoid, maxGpus }: SearchOptions): boolean {
  const used = new Set(parts.map(({ index }) => index));
  const gpus = parts.reduce((sum, part) => sum + groupSize(part), 0);
  return (
    gpus <= maxGpus && mustUse.every((group) => used.has(group)) && !avoid.some((group) => used.has(group))
  );
}

/** The degrees that all pipelines of a plan share. */
function sharedBy({ cp, ep, etp }: Layout): string {
  return `${cp}/${ep}/${etp}`;
}

/** The lawful chains over exactly these nodes, in either order, that leave none of their GPUs idle: by the degrees that others must share. */
function layoutsOn(
  problem: Problem,
  set: readonly NodeGroup[],
  options: SearchOptions,
): ReadonlyMap<string, Layout[]> {
  const all = set.reduce((sum, group) => sum + groupSize(group), 0);
  const orders = set.length === 1 ? [set] : [set, [...set].reverse()];
  // Replicas of a class need not divide the batch, but its GPUs.
  const free = { ...problem, workload: { ...problem.workload, globalBatchSize: all } };
  const byShared = new Map<string, Layout[]>();
  for (const order of orders)
    for (const frame of chainsOf(free, order, options)) {
      if (devicesOfFrame(frame) !== all) continue;
      for (const layout of layoutsOf(problem, frame, options))
        if (splitLaw(problem, { ...layout, shapes: layout.runs }) === null)
          remembered(byShared, sharedBy(layout), () => []).push(layout);
    }
  return byShared;
}

function together([first, ...rest]: readonly ReadonlyMap<string, Layout[]>[]): Bundle[] {
  return [...first!].flatMap(([shared, layouts]) => {
    const others = rest.map((one) => one.get(shared));
    return others.includes(undefined) ? [] : [{ classes: [layouts, ...others.map((one) => one!)] }];
  });
}

/** Micro-batch sizes and techniques that all pipelines of a bundle share. */
export function bundleChoices(problem: Problem, { classes }: Bundle, options: SearchOptions): Choice[] {
  const sequences = problem.workload.globalBatchSize;
  const { cp } = classes[0]![0]!;
  // Choices that hold for any of its chains: as for one with tensor parallelism, replicas and several stages.
  const any = {
    family: 'type-per-stage',
    tp: 2,
    cp,
    pp: 2,
    dp: 2,
    sequences,
    sharing: 1,
    beside: true,
  } as const;
  const plain = { ...options, fix: { ...options.fix, counts: { ...options.fix.counts, vpp: 1 } } };
  return choices(problem, any, plain).filter(
    ({ fewest, schedule }) =>
      fewest === null &&
      // Pipelines that do not end a step together average nothing.
      (options.fix.schedule !== undefined || scheduleOf(schedule).flows !== true),
  );
}

export function bundleSpace({ classes }: Bundle): number {
  return classes.reduce((product, layouts) => product * layouts.length, 1);
}
