import type { NodeGroup } from '../../domain/cluster.ts';
import { LAYER_NAMES } from '../../domain/link.ts';
import { joinOf } from '../../hardware/transport.ts';
import { networksApart } from './networks.ts';
import { no, type OutlineRule } from './rule.ts';

/**
 * The group of all ranks is one NCCL communicator, and its cards must share one link layer (NCCL 2.30 `net_ib/connect.cc`)
 * and one network module (nccl#234): RDMA cards that do not reach each other fail in it, or hang.
 */
export const oneNetwork =
  (name: string): OutlineRule =>
  ({ cluster }, { served }) => {
    const groups = [...new Set(served.map(({ group }) => group))].map((index) => cluster.groups[index]!);
    const indexes = groups.map(({ index }) => index);
    if (groups.length < 2 || !networksApart(cluster, indexes)) return null;
    const [first] = groups as [NodeGroup];
    const apart = groups.find(({ index }) => joinOf(cluster, first.index, index).transport === 'socket');
    const pair = apart === undefined ? groups.slice(0, 2) : [first, apart];
    const named = pair.map(({ id, nic }) => `${id} (${LAYER_NAMES[nic.link.layer!]})`);
    return no(
      'one-network',
      `${named.join(' and ')}, which RDMA does not join, in one job`,
      `cards of one link layer on one fabric in ${name}: NCCL joins no others in the group of all ranks`,
      'Maybe --launcher megatron, which gives each kind of group a network.',
    );
  };
