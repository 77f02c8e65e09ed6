import type { Cluster } from '../domain/cluster.ts';
import { InputError } from '../domain/input-error.ts';
import { hostOfNode, nodesByGroup } from '../domain/node-order.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { placesOf, type RankOrder, seatsOf } from './ranks.ts';

const HEADER = 'rank,host,gpu,pipeline,stage,tp,cp,dp,ep';

/** One line a global rank: where it sits and what it does. */
export function rankMap({ cluster }: Problem, plan: Plan, order?: RankOrder): string {
  const seats = seatsOf(cluster, plan, order);
  const lines = placesOf(plan, order).map(({ pipeline, stage, tp, cp, dp, ep }, rank) => {
    const { host, gpu } = seats[rank]!;
    return [rank, host, gpu, pipeline, stage, tp, cp, dp, ep].join(',');
  });
  return `${[HEADER, ...lines].join('\n')}\n`;
}

/** Where the ranks of a launch folder sit in a cluster. */
export interface Seating {
  /** The device of each global rank, before `nodeOrder` is applied. */
  readonly devices: readonly number[];
  /** As `Plan.nodeOrder`: null where the hosts stand in the cluster's own order. */
  readonly nodeOrder: readonly number[] | null;
  /** As `groups=` of `--config`: each group where its first rank stands. */
  readonly groups: string;
}

/** Reads what `rankMap` wrote. Throws InputError where a line is off, or names a host that the cluster has not. */
export function seating(cluster: Cluster, text: string, file: string): Seating {
  const rows = text.trim().split(/\r?\n/);
  if (rows[0] !== HEADER)
    throw new InputError({
      message: `${file} is no rank map`,
      expected: `the header ${HEADER}`,
      at: { file, line: 1 },
    });
  const nodes = nodesByGroup(cluster);
  const nodeOf = new Map(nodes.flat().map((node) => [hostOfNode(cluster, node), node]));
  const groupOf = (node: number) => nodes.findIndex((list) => list.includes(node));
  // Plans number devices pipeline by pipeline, stage by stage, copy by copy, whatever the order of ranks.
  const used = nodes.map((): number[] => []);
  const shares = new Map<number, number>();
  const seats = rows.slice(1).map((row, i) => {
    const [rank, host, gpu] = row.split(',');
    const at = { file, line: i + 2 };
    const node = nodeOf.get(host ?? '');
    if (node === undefined)
      throw new InputError({
        message: `host ${JSON.stringify(host)} is not in ${cluster.name}`,
        expected: `hosts such as ${cluster.groups.map((group) => group.hosts[0]).join(', ')}`,
        hint: 'Maybe another cluster, or give the launch file itself in place of its folder.',
        at,
      });
    const group = groupOf(node);
    const { gpusPerNode } = cluster.groups[group]!;
    if (Number(rank) !== i || !/^\d+$/.test(gpu ?? '') || Number(gpu) >= gpusPerNode)
      throw new InputError({
        message: `rank ${rank} on GPU ${gpu}`,
        expected: `rank ${i}, on GPU 0 to ${gpusPerNode - 1}`,
        at,
      });
    const [pipeline, stage, tp, cp, dp] = row.split(',').slice(3).map(Number);
    return { group, node, gpu: Number(gpu), place: [pipeline!, stage!, dp!, cp!, tp!] };
  });
  for (const { group, node } of [...seats].sort((a, b) => compare(a.place, b.place))) {
    if (!used[group]!.includes(node)) used[group]!.push(node);
    shares.set(group, (shares.get(group) ?? 0) + 1);
  }
  const nodeOrder = nodes.flatMap((list, group) => [
    ...used[group]!,
    ...list.filter((node) => !used[group]!.includes(node)),
  ]);
  return {
    devices: seats.map(({ group, node, gpu }) => {
      const { firstDevice, gpusPerNode } = cluster.groups[group]!;
      return firstDevice + used[group]!.indexOf(node) * gpusPerNode + gpu;
    }),
    nodeOrder: nodeOrder.every((node, i) => node === i) ? null : nodeOrder,
    groups: [...shares].map(([group, n]) => `${cluster.groups[group]!.id}:${n}`).join('/'),
  };
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}
