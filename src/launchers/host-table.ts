import type { Cluster } from '../domain/cluster.ts';
import { InputError } from '../domain/input-error.ts';
import { hostOfNode, nodesByGroup } from '../domain/node-order.ts';

/** The hosts of a launch script in rank order, and the GPUs each gives. */
export interface HostTable {
  readonly file: string;
  readonly hosts: readonly string[];
  readonly gpus: readonly number[];
}

/** Where the ranks of a host table lie in a cluster. */
export interface Seating {
  /** As `groups=` of `--config` writes it. */
  readonly groups: string;
  readonly gpus: number;
  /** As `Plan.nodeOrder`: null where the hosts stand in the cluster's own order. */
  readonly nodeOrder: readonly number[] | null;
  /** The device number of each global rank, before `nodeOrder` is applied. */
  readonly devices: readonly number[];
}

/** Reads the table that `hostsScript` wrote; null where the script has none. */
export function readHostTable(script: string, file: string): HostTable | null {
  const body = /^HOSTS=\(([^)]*)\)/m.exec(script)?.[1];
  if (body === undefined) return null;
  const hosts = body
    .split(/\s+/)
    .flatMap((word) => (word === '' ? [] : [word.replaceAll(/^['"]|['"]$/g, '')]));
  const each = /^GPUS=\(([^)]*)\)/m.exec(script)?.[1];
  const same = /--nproc[-_]per[-_]node[= ](\d+)/.exec(script)?.[1];
  const gpus = each === undefined ? hosts.map(() => Number(same)) : each.trim().split(/\s+/).map(Number);
  if (/^FIRST_GPU=\(.*[1-9]/m.test(script))
    throw new InputError({
      message: `${file} starts at a later GPU than the first of a host`,
      expected: 'hosts used from their first GPU on',
    });
  if (gpus.length !== hosts.length || gpus.some((n) => !Number.isInteger(n) || n < 1))
    throw new InputError({
      message: `${file} does not say how many GPUs each of its ${hosts.length} hosts gives`,
      expected: '--nproc-per-node N, or GPUS=(…) with one number for each host',
    });
  return { file, hosts, gpus };
}

/** Throws InputError where a host is not in the cluster, or a group's hosts lie apart. */
export function seating(cluster: Cluster, { file, hosts, gpus }: HostTable): Seating {
  const groupOf = new Map<string, { group: number; node: number }>();
  for (const [group, nodes] of nodesByGroup(cluster).entries())
    for (const node of nodes) groupOf.set(hostOfNode(cluster, node), { group, node });
  const shares: { group: number; gpus: number; nodes: number[] }[] = [];
  for (const [i, host] of hosts.entries()) {
    const at = groupOf.get(host);
    if (at === undefined)
      throw new InputError({
        message: `${file} names the host ${JSON.stringify(host)}, which ${cluster.name} does not have`,
        expected: `hosts of ${cluster.name}: ${cluster.groups.map((group) => `${group.hosts[0]} …`).join(', ')}`,
        hint: 'Maybe another cluster file, or give the launch file itself in place of its folder.',
      });
    const last = shares.at(-1);
    if (last?.group === at.group) {
      last.gpus += gpus[i]!;
      last.nodes.push(at.node);
    } else shares.push({ group: at.group, gpus: gpus[i]!, nodes: [at.node] });
  }
  if (new Set(shares.map(({ group }) => group)).size < shares.length)
    throw new InputError({
      message: `the hosts of a node group lie apart in ${file}`,
      expected: 'each group of the cluster in one run of hosts',
    });
  const order = nodesByGroup(cluster).flatMap((nodes, group) => {
    const used = shares.find((share) => share.group === group)?.nodes ?? [];
    return [...used, ...nodes.filter((node) => !used.includes(node))];
  });
  return {
    groups: shares.map(({ group, gpus: n }) => `${cluster.groups[group]!.id}:${n}`).join('/'),
    gpus: gpus.reduce((a, b) => a + b, 0),
    nodeOrder: order.every((node, i) => node === i) ? null : order,
    devices: shares.flatMap(({ group, gpus: n }) =>
      Array.from({ length: n }, (_, i) => cluster.groups[group]!.firstDevice + i),
    ),
  };
}
