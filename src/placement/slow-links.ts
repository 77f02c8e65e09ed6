import type { Cluster } from '../domain/cluster.ts';
import { hostOfNode, nodesByGroup, reordered } from '../domain/node-order.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { estimate } from '../evaluate/estimate.ts';

export interface SlowLink {
  readonly from: string;
  readonly to: string;
  readonly bytesPerSecond: number;
  /** Of the links between nodes of the same two groups, bytes/s. */
  readonly medianBytesPerSecond: number;
  /** Seconds of the step that the plan would save were this link like the others. */
  readonly costSeconds: number;
}

/** A link below this share of the median of its like is pointed out. */
const SLOW = 0.6;
const MOST_NAMED = 5;

/** Links far below those like them, the slowest first, and what each costs this plan in its node order. */
export function slowLinks(problem: Problem, plan: Plan): SlowLink[] {
  const { cluster } = problem;
  if (cluster.measured === undefined) return [];
  const found: { from: number; to: number; value: number; median: number }[] = [];
  const groups = nodesByGroup(cluster);
  for (const a of groups) {
    for (const b of groups) {
      const pairs = a.flatMap((from) => b.filter((to) => to !== from).map((to) => ({ from, to })));
      const values = pairs
        .map(({ from, to }) => cluster.measured!.bandwidth[from]![to]!)
        .sort((x, y) => x - y);
      const median = values[Math.floor(values.length / 2)];
      if (median === undefined) continue;
      for (const { from, to } of pairs) {
        const value = cluster.measured.bandwidth[from]![to]!;
        if (value < SLOW * median) found.push({ from, to, value, median });
      }
    }
  }
  const step = (of: Cluster) =>
    estimate({ ...problem, cluster: reordered(of, plan.nodeOrder) }, { ...plan, nodeOrder: null })
      .stepSeconds;
  const now = step(cluster);
  return found
    .sort((x, y) => x.value / x.median - y.value / y.median || x.from - y.from || x.to - y.to)
    .slice(0, MOST_NAMED)
    .map(({ from, to, value, median }) => ({
      from: hostOfNode(cluster, from),
      to: hostOfNode(cluster, to),
      bytesPerSecond: value,
      medianBytesPerSecond: median,
      costSeconds: now - step(repaired(cluster, from, to, median)),
    }));
}

function repaired(cluster: Cluster, from: number, to: number, bytesPerSecond: number): Cluster {
  const { bandwidth } = cluster.measured!;
  const fixed = bandwidth.map((row, i) =>
    i === from ? row.map((x, j) => (j === to ? bytesPerSecond : x)) : row,
  );
  return { ...cluster, measured: { ...cluster.measured!, bandwidth: fixed } };
}
