import type { Cluster, NodeGroup } from '../../domain/cluster.ts';
import { densePeak } from '../../hardware/gemm.ts';

/** Sets of groups up to this size are tried in every order; larger ones by memory and by speed, both ways. */
const MOST_PERMUTED = 3;
/** Up to so many groups every set of them is tried; beyond it, each alone and the leading ones by memory and by speed. */
const MOST_SUBSETS = 6;

export function groupSize(group: NodeGroup): number {
  return group.nodes * group.gpusPerNode;
}

/** The ordered sets of node groups that a chain of stages may use. What a cluster has more never takes one away, up to six groups. */
export function groupOrders({ groups }: Cluster): NodeGroup[][] {
  const sets = groups.length <= MOST_SUBSETS ? subsets(groups) : leading(groups);
  const seen = new Set<string>();
  return sets.flatMap(ordersOf).filter((order) => {
    const key = order.map((g) => g.index).join();
    return seen.has(key) ? false : seen.add(key) !== undefined;
  });
}

function ordersOf(set: readonly NodeGroup[]): NodeGroup[][] {
  if (set.length <= MOST_PERMUTED) return permutations(set);
  const orders = [byMemory(set), bySpeed(set)];
  return [...orders, ...orders.map((order) => [...order].reverse())];
}

const MOST_LEADING = 64;

function leading(groups: readonly NodeGroup[]): NodeGroup[][] {
  const prefixes = [byMemory(groups), bySpeed(groups)].flatMap((order) =>
    order.slice(0, MOST_LEADING).map((_, i) => order.slice(0, i + 1)),
  );
  return [
    ...bySpeed(groups)
      .slice(0, MOST_LEADING)
      .map((group) => [group]),
    ...prefixes,
  ];
}

function byMemory(groups: readonly NodeGroup[]): NodeGroup[] {
  return [...groups].sort((a, b) => b.gpu.memoryBytes - a.gpu.memoryBytes || a.index - b.index);
}

function bySpeed(groups: readonly NodeGroup[]): NodeGroup[] {
  const speed = ({ gpu }: NodeGroup) => densePeak(gpu);
  return [...groups].sort((a, b) => speed(b) - speed(a) || a.index - b.index);
}

export function subsets<T>(items: readonly T[]): T[][] {
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
