import type { Cluster, NodeGroup } from '../../domain/cluster.ts';
import type { LinkLayer } from '../../domain/link.ts';
import type { Plan, Stage } from '../../domain/plan.ts';
import { transportOf } from '../../hardware/transport.ts';
import { networksApart } from '../laws/networks.ts';

export const NETWORKS = 'config.json';

/** What Holmes calls networks in its own files; of others it sets no variables. */
const NAMES: Readonly<Partial<Record<LinkLayer, string>>> = { infiniband: 'ib', roce: 'roce', tcp: 'eth' };

export function networkName({ nic }: NodeGroup): string | null {
  return nic.link.layer === null ? null : (NAMES[nic.link.layer] ?? null);
}

/** Stages in a row that one network joins: a type of device, in Holmes's words. */
export interface NetworkRun {
  readonly type: string;
  readonly groups: readonly number[];
  /** From the first stage to the one after the last. */
  readonly first: number;
  readonly end: number;
}

const groupsOf = ({ replicas }: Stage) => [...new Set(replicas.map(({ group }) => group))];

/** The networks of a pipeline. Types must not repeat, so one that serves two stretches of it goes by two names. */
export function networkRuns(cluster: Cluster, { pipelines }: Plan): NetworkRun[] {
  const runs: { groups: number[]; first: number; end: number }[] = [];
  for (const [i, stage] of pipelines[0]!.stages.entries()) {
    const last = runs.at(-1);
    const groups = groupsOf(stage);
    if (last !== undefined && !networksApart(cluster, [...last.groups, ...groups])) {
      last.groups = [...new Set([...last.groups, ...groups])];
      last.end = i + 1;
    } else runs.push({ groups, first: i, end: i + 1 });
  }
  const names = runs.map(({ groups }) => networkName(cluster.groups[groups[0]!]!) ?? 'net');
  return runs.map((run, i) => {
    const alike = names.filter((name) => name === names[i]).length;
    const number = names.slice(0, i + 1).filter((name) => name === names[i]).length;
    return { ...run, type: alike === 1 ? names[i]! : `${names[i]}_${number}` };
  });
}

/**
 * `config.json`: the variables that stand while groups inside a network, and those across, make their communicators
 * (megatron/core/hetnet.py@03d9522). NCCL reads NCCL_NET for each communicator, but NCCL_IB_DISABLE only once, so that is
 * not among them (NCCL 2.30, src/plugin/net.cc and transport/net_ib/init.cc).
 */
export function networkVariables(cluster: Cluster, runs: readonly NetworkRun[]): Record<string, string>[] {
  const { groups } = cluster;
  const all = runs.flatMap((run) => run.groups);
  return [
    ...runs.map(({ type, groups: own }) => {
      const nics = own.map((group) => groups[group]!.nic);
      const devices = [...new Set(nics.flatMap((nic) => nic.devices))];
      const rdma = transportOf(cluster, own) === 'rdma';
      return {
        CLUSTER_NAME: type,
        NCCL_NET: rdma ? 'IB' : 'Socket',
        ...socketOf(groups, own),
        ...(rdma && devices.length > 0 ? { NCCL_IB_HCA: `=${devices.join(',')}` } : {}),
        // The version 2 entry of an IPv4 address, as Holmes ships it.
        ...(rdma && nics[0]!.link.layer === 'roce' ? { NCCL_IB_GID_INDEX: '3' } : {}),
      };
    }),
    { CLUSTER_NAME: 'heter', NCCL_NET: 'Socket', ...socketOf(groups, all) },
  ];
}

/** Their interfaces, each host using those it has; nothing where one is not stated. */
function socketOf(groups: readonly NodeGroup[], own: readonly number[]): Record<string, string> {
  const names = [...new Set(own.map((group) => groups[group]!.nic.interface))];
  return names.includes(null) ? {} : { NCCL_SOCKET_IFNAME: `=${names.join(',')}` };
}
