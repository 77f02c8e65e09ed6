import type { Cluster, NodeGroup } from '../../domain/cluster.ts';
import { subsets } from './group-orders.ts';

/** Sets of more groups than this are taken whole, each group a class of its own. */
const MOST_CHAINED = 3;
/** Groups of more nodes than this are taken whole: the chains over each part are as many as over all of it. */
const FEW_NODES = 3;

/**
 * Every way to divide some of a cluster's groups into classes of pipelines: a class takes whole groups, but one group may be
 * taken in part, the rest of it left idle or given to a second class. A part is the group with fewer nodes. `whole`: none is.
 */
export function divisions(cluster: Cluster, whole = false): NodeGroup[][][] {
  const { groups } = cluster;
  const chaining = groups.length <= MOST_CHAINED;
  const found = new Map<string, NodeGroup[][]>();
  for (const set of subsets(groups)) {
    for (const pieces of chaining && !whole ? inParts(cluster, set) : [set]) {
      for (const classes of partitions(pieces, chaining)) {
        if (classes.length < 2 || !worthwhile(classes)) continue;
        found.set(classes.map(keyOf).sort().join('+'), classes);
      }
    }
  }
  return [...found.values()];
}

export function keyOf(set: readonly NodeGroup[]): string {
  return set.map(({ index, nodes }) => `${index}:${nodes}`).join('/');
}

/** The groups of a set, whole; and with one of them in part, or in two. */
function inParts(cluster: Cluster, set: readonly NodeGroup[]): NodeGroup[][] {
  return [
    [...set],
    ...set.flatMap((group, i) =>
      partsOf(cluster, group).map((parts) => [
        ...set.slice(0, i),
        ...parts.map((nodes) => ({ ...group, nodes })),
        ...set.slice(i + 1),
      ]),
    ),
  ];
}

/** Numbers of nodes to take of a group. Which of its nodes they are must not matter: all are alike, and joined alike to all others. */
function partsOf(
  { measured }: Cluster,
  { nodes, gpusPerNode, fastDomainGpus, shared }: NodeGroup,
): number[][] {
  const alike = measured === undefined && shared === undefined && gpusPerNode % fastDomainGpus === 0;
  if (nodes < 2 || nodes > FEW_NODES || !alike) return [];
  const fewer = Array.from({ length: nodes - 1 }, (_, i) => i + 1);
  const halves = fewer.filter((n) => 2 * n >= nodes).map((n) => [n, nodes - n]);
  return [...fewer.map((n) => [n]), ...halves];
}

/**
 * The two parts of one group serve unlike classes: one of them stands in a chain with another group. Then there are no other
 * classes: with a third one a search over three small groups takes twice as long, and it was never the best.
 */
function worthwhile(classes: readonly (readonly NodeGroup[])[]): boolean {
  const seen = new Map<number, readonly NodeGroup[]>();
  for (const set of classes)
    for (const { index } of set) {
      const other = seen.get(index);
      if (other === undefined) seen.set(index, set);
      else if (other === set || other.length + set.length === 2 || classes.length > 2) return false;
    }
  return true;
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
