import type { Cluster, NicSpec } from '../domain/cluster.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { arrayWord, commentText, shellQuote } from './quote.ts';
import { type HostRun, hostRuns, type RankOrder } from './ranks.ts';

export interface HostsScript {
  readonly problem: Problem;
  readonly plan: Plan;
  /** Left out: as Megatron-LM numbers ranks. */
  readonly rankOrder?: RankOrder;
  readonly origin: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Networks of its hosts that do not join: each host is told its own. */
  readonly networksApart?: boolean;
  /** Lines before the start of torchrun. */
  readonly prepare: readonly string[];
  /** What torchrun runs: already words of bash. */
  readonly program: string;
}

/**
 * A script to start on every host at once. Rank order decides which GPUs hold which stage, so the rendezvous is static
 * and each host finds its place in a table: torchrun's c10d rendezvous would sort the hosts by name.
 */
export function hostsScript(script: HostsScript): string {
  const { problem, plan, rankOrder, origin, environment, networksApart = false, prepare, program } = script;
  const hosts = hostRuns(problem.cluster, plan, rankOrder);
  const gpus = hosts[0]!.gpus.length;
  const alike = hosts.every((run) => run.gpus.length === gpus);
  const perNode = alike ? String(gpus) : `"\${GPUS[NODE_RANK]}"`;
  return `${[
    ...hostsHeader(problem.cluster, hosts, origin),
    ...(alike ? [] : [`GPUS=(${hosts.map((run) => run.gpus.length).join(' ')})`]),
    ...networkExports(problem.cluster, hosts, networksApart),
    ...exportsOf({ ...environment, ...deviceOrder(problem.cluster, hosts) }),
    ...pinned(hosts),
    ...prepare,
    `exec torchrun --nnodes ${hosts.length} --nproc-per-node ${perNode} --node-rank "$NODE_RANK" \\`,
    `  --master-addr "$MASTER" --master-port "\${MASTER_PORT:-29500}" \\`,
    `  ${program}`,
  ].join('\n')}\n`;
}

/** Which GPUs of each host its ranks take, where not all from the first on in their own order. */
function pinned(hosts: readonly HostRun[]): string[] {
  if (hosts.every(({ gpus }) => gpus.every((gpu, i) => gpu === i))) return [];
  return [
    `DEVICES=(${hosts.map(({ gpus }) => gpus.join(',')).join(' ')})`,
    `export CUDA_VISIBLE_DEVICES="\${DEVICES[NODE_RANK]}"`,
  ];
}

/** On hosts with GPUs of several types: CUDA numbers the fastest first by itself (CUDA C++ Programming Guide, CUDA_DEVICE_ORDER). */
export function deviceOrder({ groups }: Cluster, hosts: readonly TableHost[]): Record<string, string> {
  const unlike = hosts.some((host) => host.groups.some((group) => groups[group]!.shared !== undefined));
  return unlike ? { CUDA_DEVICE_ORDER: 'PCI_BUS_ID' } : {};
}

export function exportsOf(environment: Readonly<Record<string, string>>): string[] {
  return Object.entries(environment).map(([name, value]) => `export ${name}=${shellQuote(value)}`);
}

/** A host of the table that a script carries, and its node groups. */
type TableHost = Pick<HostRun, 'host' | 'groups'>;

/** The head of a script that finds its host in a table, or is told its place in it, and sets NODE_RANK and MASTER. */
export function hostsHeader(cluster: Cluster, hosts: readonly TableHost[], origin: string): string[] {
  const madeUp = hosts.some(({ groups }) =>
    groups.some((group) => cluster.groups[group]!.hostsMadeUp === true),
  );
  const head = ['#!/usr/bin/env bash', `# ${commentText(origin)}`];
  const start = ['set -euo pipefail', `cd "$(dirname "\${BASH_SOURCE[0]}")"`];
  if (madeUp && hosts.length === 1) return [...head, ...start, 'NODE_RANK=0', 'MASTER=127.0.0.1'];
  return [
    ...head,
    '# Start on every host of the table; README.md says how.',
    '# Hosts stand in pipeline order; do not sort them.',
    ...(madeUp
      ? ['# Their names are made up: a scheduler chooses the hosts, or put yours in their place.']
      : []),
    ...start,
    'HOSTS=(',
    ...hosts.map(({ host }) => `  ${shellQuote(host)}`),
    ')',
    `MASTER=\${SHARDWRIGHT_MASTER:-\${HOSTS[0]}}`,
    `if [ -n "\${SHARDWRIGHT_MASTER:-}" ]; then`,
    '  # Whoever chose the master chose the hosts too. Slurm numbers nodes over all components of a job.',
    `  NODE_RANK=\${SHARDWRIGHT_NODE_RANK:-\${SLURM_NODEID:?SHARDWRIGHT_MASTER wants SHARDWRIGHT_NODE_RANK}}`,
    'else',
    '  # A host may stand in the table by any of its names or addresses.',
    `  ME=\${SHARDWRIGHT_HOST:-$(hostname)}`,
    `  NAMES="$ME \${SHARDWRIGHT_HOST:-$({ hostname -s; hostname -f; hostname -I; } 2> /dev/null || true)}"`,
    '  NODE_RANK=',
    `  for i in "\${!HOSTS[@]}"; do`,
    '    for name in $NAMES; do',
    `      if [ "\${HOSTS[i]}" = "$name" ]; then NODE_RANK=$i; fi`,
    '    done',
    '  done',
    `  : "\${NODE_RANK:?$ME is not in the plan}"`,
    'fi',
  ];
}

/**
 * What the networks in use ask of NCCL or RCCL, on every host alike unless they stand `apart`, and what each host calls its
 * own network; a value that is set already stays.
 */
export function networkExports(cluster: Cluster, hosts: readonly TableHost[], apart = false): string[] {
  if (hosts.length === 1) return [];
  const nics = hosts.map(({ groups: [group] }) => cluster.groups[group]!.nic);
  const asked = Object.assign(
    {},
    ...nics.map(({ link }) => link.environment),
  ) as NicSpec['link']['environment'];
  const environmentOf = ({ link }: NicSpec) => (apart ? link.environment : asked);
  // Devices of verbs: not sockets, and not what a libfabric provider finds by itself.
  const verbs = (nic: NicSpec) =>
    !('NCCL_IB_DISABLE' in environmentOf(nic) || 'FI_PROVIDER' in environmentOf(nic));
  const names: readonly (readonly [name: string, of: (nic: NicSpec) => string])[] = [
    ...Object.keys(asked)
      .sort()
      .map((name) => [name, (nic: NicSpec) => environmentOf(nic)[name] ?? ''] as const),
    ['NCCL_IB_HCA', (nic) => (verbs(nic) ? exactly(nic.devices.join(',')) : '')],
    ['NCCL_SOCKET_IFNAME', (nic) => exactly(nic.interface ?? '')],
    ['GLOO_SOCKET_IFNAME', (nic) => nic.interface ?? ''],
  ];
  return names.flatMap(([name, of]) => {
    const [first, ...others] = nics.map(of) as [string, ...string[]];
    if (others.every((value) => value === first)) return first === '' ? [] : [unlessSet(name, first)];
    const table = `${name}_OF`;
    return [
      `${table}=(${[first, ...others].map(arrayWord).join(' ')})`,
      unlessSet(name, `\${${table}[NODE_RANK]}`),
    ];
  });
}

const unlessSet = (name: string, value: string) => `export ${name}="\${${name}:-${value}}"`;

/** NCCL takes a name for the start of names unless `=` stands before it. */
const exactly = (names: string) => (names === '' ? '' : `=${names}`);
