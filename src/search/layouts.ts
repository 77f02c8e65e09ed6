import type { Cluster, NodeGroup } from '../domain/cluster.ts';
import { isMoe, type ModelSpec } from '../domain/model.ts';
import type { Problem } from '../domain/problem.ts';
import type { Dimensions, SearchOptions } from './options.ts';

/** Which devices form how many stages: everything about a plan but its switches. */
export interface Layout {
  readonly family: 'uniform' | 'type-per-stage';
  /** Node groups in pipeline order, each serving a run of stages. */
  readonly runs: readonly { readonly group: number; readonly stages: number }[];
  readonly tp: number;
  readonly cp: number;
  readonly dp: number;
  readonly ep: number;
  readonly etp: number;
  readonly pp: number;
}

/** Pipelines deeper than this only take depths that divide the layers, with or without the ends counted as layers. */
const ANY_DEPTH = 16;
const MOST_ORDERED_GROUPS = 3;

/** A layout before experts are placed: the unit that the search bounds and expands. */
export type Frame = Omit<Layout, 'ep' | 'etp'>;

/**
 * Every arrangement of node groups into stages: for each ordered set of groups, each tensor, context and data parallel
 * size, each number of stages a group can serve. Leaving whole groups idle is among them; part
 * of a group only where it serves alone, since several groups each give all the stages they can hold.
 */
export function* frames(problem: Problem, options: SearchOptions): Iterable<Frame> {
  const { cluster, model, workload } = problem;
  const dps = divisors(workload.globalBatchSize).filter((d) => within(options, 'dp', d));
  for (const groups of groupOrders(cluster)) {
    const least = Math.min(...groups.map(size));
    for (const tp of tensorSizes(groups, options.fix.tp).filter((t) => within(options, 'tp', t))) {
      for (const cp of powers(least / tp).filter((c) => within(options, 'cp', c))) {
        for (const dp of dps) {
          const perStage = tp * cp * dp;
          if (perStage > least) break;
          for (const stages of stageCounts(groups, perStage, model.layers.length)) {
            const pp = stages.reduce((a, b) => a + b, 0);
            if (!within(options, 'pp', pp)) continue;
            const runs = groups.map((group, i) => ({ group: group.index, stages: stages[i]! }));
            yield { family: groups.length === 1 ? 'uniform' : 'type-per-stage', runs, tp, cp, dp, pp };
          }
        }
      }
    }
  }
}

function within(options: SearchOptions, name: keyof Dimensions, value: number): boolean {
  return (
    (options.fix[name] === undefined || options.fix[name] === value) &&
    value <= (options.max[name] ?? Number.POSITIVE_INFINITY)
  );
}

/** The layouts of a frame: one for a dense model, one for each way to place the experts of a sparse one. */
export function layoutsOf(problem: Problem, frame: Frame, options: SearchOptions): Layout[] {
  const { tp, cp, dp } = frame;
  return expertSizes(problem.model, tp, tp * cp * dp, options)
    .filter(({ ep, etp }) => within(options, 'ep', ep) && within(options, 'etp', etp))
    .map(({ ep, etp }) => ({ ...frame, ep, etp }));
}

function size(group: NodeGroup): number {
  return group.nodes * group.gpusPerNode;
}

/** Ordered sets of groups. Few groups: every subset in every order; many: each alone, and all by memory and by speed. */
function groupOrders(cluster: Cluster): NodeGroup[][] {
  const groups = [...cluster.groups];
  if (groups.length <= MOST_ORDERED_GROUPS) return subsets(groups).flatMap(permutations);
  const byMemory = [...groups].sort((a, b) => b.gpu.memoryBytes - a.gpu.memoryBytes || a.index - b.index);
  const bySpeed = [...groups].sort((a, b) => speed(b) - speed(a) || a.index - b.index);
  const prefixes = [byMemory, bySpeed].flatMap((order) => order.map((_, i) => order.slice(0, i + 1)));
  const all = [
    ...groups.map((group) => [group]),
    ...prefixes,
    ...prefixes.map((order) => [...order].reverse()),
  ];
  const seen = new Set<string>();
  return all.filter((order) => {
    const key = order.map((g) => g.index).join();
    return seen.has(key) ? false : seen.add(key) !== undefined;
  });
}

function speed(group: NodeGroup): number {
  return group.gpu.peakFlops.bf16 ?? group.gpu.peakFlops.fp16 ?? 0;
}

function subsets<T>(items: readonly T[]): T[][] {
  let all: T[][] = [[]];
  for (const item of items) all = all.concat(all.map((set) => [...set, item]));
  return all.filter((set) => set.length > 0);
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, i) =>
    permutations(items.filter((_, j) => j !== i)).map((rest) => [item, ...rest]),
  );
}

/** Powers of two inside the fast domain; beyond it only when asked for. */
function tensorSizes(groups: readonly NodeGroup[], fixed: number | undefined): number[] {
  const domain = Math.min(...groups.map((group) => Math.min(group.fastDomainGpus, size(group))));
  const inside = divisors(domain).filter((t) => t <= 16);
  return fixed !== undefined && !inside.includes(fixed) && groups.every((group) => size(group) % fixed === 0)
    ? [fixed]
    : inside;
}

function powers(limit: number): number[] {
  const list: number[] = [];
  for (let n = 1; n <= Math.min(limit, 64); n *= 2) list.push(n);
  return list;
}

export function divisors(n: number): number[] {
  const low: number[] = [];
  const high: number[] = [];
  for (let d = 1; d * d <= n; d++) {
    if (n % d !== 0) continue;
    low.push(d);
    if (d * d !== n) high.unshift(n / d);
  }
  return [...low, ...high];
}

/** Numbers of stages for each group. One group: every usable depth; several: each gives all the stages it can hold. */
function stageCounts(groups: readonly NodeGroup[], perStage: number, layers: number): number[][] {
  const most = groups.map((group) => Math.floor(size(group) / perStage));
  if (groups.length > 1) {
    const total = most.reduce((a, b) => a + b, 0);
    return total <= layers ? [most] : [];
  }
  const depths: number[][] = [];
  for (let pp = 1; pp <= Math.min(most[0]!, layers); pp++) {
    if (pp <= ANY_DEPTH || layers % pp === 0 || (layers + 1) % pp === 0 || (layers + 2) % pp === 0)
      depths.push([pp]);
  }
  return depths;
}

/** Expert-parallel sizes that tile the stage: experts divisible, ep · etp dividing the devices of a stage. */
function expertSizes(
  model: ModelSpec,
  tp: number,
  perStage: number,
  options: SearchOptions,
): { ep: number; etp: number }[] {
  if (!isMoe(model)) return [{ ep: 1, etp: 1 }];
  const experts = Math.min(
    ...model.kinds.flatMap((kind) => (kind.mlp.kind === 'moe' ? [kind.mlp.experts] : [])),
  );
  const tensor = tp > 1 || options.fix.etp !== undefined ? [1, tp] : [1];
  return tensor.flatMap((etp) =>
    divisors(experts)
      .filter((ep) => perStage % (ep * etp) === 0)
      .map((ep) => ({ ep, etp })),
  );
}
