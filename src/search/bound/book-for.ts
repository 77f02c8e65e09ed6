import type { Cluster, NicSpec } from '../../domain/cluster.ts';
import type { Problem } from '../../domain/problem.ts';
import { rememberedOf } from '../../units/remembered.ts';
import { CostBook } from './cost-book.ts';

/** Where nodes were measured bounds and cuts take the wire's rate, which no measurement beats; estimates take the measured. */
export function bookFor(problem: Problem): CostBook {
  return rememberedOf(books, problem, () => {
    const { measured, ...cluster } = problem.cluster;
    return new CostBook({ ...problem, cluster: measured === undefined ? cluster : atWireRate(cluster) });
  }).again();
}

/** What searches of one problem share. */
const books = new WeakMap<Problem, CostBook>();

function atWireRate(cluster: Cluster): Cluster {
  const most = Number.POSITIVE_INFINITY;
  const none = { bandwidthPerNode: most, nominalPerNode: most, perFlow: most, kind: null };
  return {
    ...cluster,
    groups: cluster.groups.map((group) => ({ ...group, nic: wireOf(group.nic) })),
    links: cluster.links.map((link) => ({ ...link, ...none })),
  };
}

/** Cards that reach what their wire has, by RDMA and by sockets. */
function wireOf(nic: NicSpec): NicSpec {
  const perFlow = nic.link.perFlow === null ? null : Number.POSITIVE_INFINITY;
  const link = { ...nic.link, perFlow, largeMessages: null, fill: 0 };
  const sockets = { ...link, bandwidth: link.bandwidth * nic.perNode, efficiency: 1 };
  return { ...nic, link, measured: link.bandwidth, sockets };
}
