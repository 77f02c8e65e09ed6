import type { Cluster } from '../../domain/cluster.ts';
import { transportOf } from '../../hardware/transport.ts';

/** Whether nodes of these groups have RDMA, and it does not join them all: a communicator of them all is on sockets. */
export function networksApart(cluster: Cluster, groups: readonly number[]): boolean {
  const used = [...new Set(groups)];
  return (
    used.some((group) => cluster.groups[group]!.nic.link.layer !== 'tcp') &&
    transportOf(cluster, used) === 'socket'
  );
}
