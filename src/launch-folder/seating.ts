import type { Cluster } from '../domain/cluster.ts';
import { InputError } from '../domain/input-error.ts';
import { nodesByGroup } from '../domain/node-order.ts';
import { rankRows } from './rank-map.ts';

/** Where the ranks of a launch folder sit in a cluster. */
export interface Seating {
  /** The device of each global rank, before `nodeOrder` is applied. */
  readonly devices: readonly number[];
  /** As `Plan.nodeOrder`: null where the hosts stand in the cluster's own order. */
  readonly nodeOrder: readonly number[] | null;
  /** As `groups=` of `--config`: each group where its first rank stands. */
  readonly groups: string;
}

/** The seats of a rank map. Throws InputError where it names a host or a GPU that the cluster has not. */
export function seating(cluster: Cluster, text: string, file: string): Seating {
  const nodes = nodesByGroup(cluster);
  const nodeAt = nodesByHost(cluster);
  // Plans number devices pipeline by pipeline, stage by stage, copy by copy, whatever the order of ranks.
  const used = nodes.map((): number[] => []);
  const shares = new Map<number, number>();
  const seats = rankRows(text, file).map(({ host, gpu, line, pipeline, stage, dp, cp, tp }) => {
    const here = nodeAt.get(host);
    if (here === undefined)
      throw new InputError({
        message: `host ${JSON.stringify(host)} is not in ${cluster.name}`,
        expected: `hosts such as ${cluster.groups.map((group) => group.hosts[0]).join(', ')}`,
        hint: 'Maybe another cluster, or give the launch file itself in place of its folder.',
        at: { file, line },
      });
    const seat = here.find(({ first, gpus }) => gpu >= first && gpu < first + gpus);
    if (seat === undefined)
      throw new InputError({
        message: `GPU ${gpu} of ${host}`,
        expected: `GPU 0 to ${Math.max(...here.map(({ first, gpus }) => first + gpus)) - 1}`,
        at: { file, line },
      });
    return { ...seat, gpu: gpu - seat.first, place: [pipeline, stage, dp, cp, tp] };
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

interface NodeOnHost {
  readonly group: number;
  readonly node: number;
  /** Local index of its first GPU on the host. */
  readonly first: number;
  readonly gpus: number;
}

/** The nodes of each host: several where it has GPUs of several types. */
function nodesByHost(cluster: Cluster): Map<string, NodeOnHost[]> {
  const found = new Map<string, NodeOnHost[]>();
  for (const [group, list] of nodesByGroup(cluster).entries()) {
    const { hosts, gpusPerNode: gpus, shared } = cluster.groups[group]!;
    for (const [i, node] of list.entries()) {
      const host = hosts[i]!;
      const here = found.get(host) ?? [];
      found.set(host, [...here, { group, node, first: shared?.firstGpus[i] ?? 0, gpus }]);
    }
  }
  return found;
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}
