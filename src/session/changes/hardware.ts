import { listLinks, loadLink } from '../../catalogue/links.ts';
import type { Cluster, NodeGroup } from '../../domain/cluster.ts';
import { withCards, withCardsAt, withInsideAt, withJoinAt } from '../../domain/faster-link.ts';
import type { LinkSpec } from '../../domain/link.ts';
import { groupsOf, type Plan } from '../../domain/plan.ts';
import { withNetworkAt } from '../../domain/slower-network.ts';

/** A cluster one purchase, or one better link, away. */
export interface OtherCluster {
  readonly what: string;
  readonly cluster: Cluster;
}

/** One more network card a node, and the next faster card of the same layer, of each group that a plan uses. */
export function purchases(cluster: Cluster, plan: Plan): OtherCluster[] {
  // Measurements say what nodes reach, whatever their cards.
  if (cluster.measured !== undefined) return [];
  return groupsOf(plan).flatMap((index) => {
    const group = cluster.groups[index]!;
    const { nic, id } = group;
    if (nic.unstated === true || !reachesOthers(cluster, plan, group)) return [];
    const next = nextUp(nic.link);
    const more = nic.perNode + 1;
    return [
      {
        what: `one more NIC a node on ${id} (${nic.perNode} → ${more} × ${nic.link.id})`,
        cluster: withCards(cluster, index, (one) => ({ ...one, perNode: more })),
      },
      ...(next === null
        ? []
        : [
            {
              what: `${next.id} in place of ${nic.link.id} on ${id}`,
              cluster: withCards(cluster, index, (one) => ({
                ...one,
                link: next,
                sockets: one.sockets === one.link ? next : one.sockets,
                measured: null,
              })),
            },
          ]),
    ];
  });
}

/** Each link that a plan may use, at twice its rate. */
export function fasterLinks(cluster: Cluster, plan: Plan): OtherCluster[] {
  const used = groupsOf(plan);
  const inside = used
    .filter((index) => cluster.groups[index]!.gpusPerNode > 1)
    .map((index) => ({
      what: `${cluster.groups[index]!.intraNode.id} inside the nodes of ${cluster.groups[index]!.id}`,
      cluster: withInsideAt(2, cluster, index),
    }));
  if (cluster.measured !== undefined)
    return [
      ...inside,
      { what: 'the network between nodes, as measured', cluster: withNetworkAt(2, cluster) },
    ];
  const cards = used
    .filter((index) => reachesOthers(cluster, plan, cluster.groups[index]!))
    .map((index) => {
      const { nic, id } = cluster.groups[index]!;
      return {
        what: `${nic.perNode} × ${nic.link.id} of each node of ${id}`,
        cluster: withCardsAt(2, cluster, index),
      };
    });
  const joins = cluster.links
    .filter(({ from, to }) => used.includes(from) && used.includes(to))
    .map(({ from, to }) => ({
      what:
        from === to
          ? `the link between nodes of ${cluster.groups[from]!.id}`
          : `the link from ${cluster.groups[from]!.id} to ${cluster.groups[to]!.id}`,
      cluster: withJoinAt(2, cluster, from, to),
    }));
  return [...inside, ...cards, ...joins];
}

function reachesOthers(cluster: Cluster, plan: Plan, group: NodeGroup): boolean {
  return group.nodes > 1 || (groupsOf(plan).length > 1 && cluster.groups.length > 1);
}

/** The next faster network of the same layer in the catalogue; one that any card may be: not a cloud's own. */
function nextUp(link: LinkSpec): LinkSpec | null {
  const faster = listLinks()
    .map(loadLink)
    .filter(
      (one) =>
        one.topology === 'network' &&
        one.layer === link.layer &&
        one.portsPerNode === null &&
        one.bandwidth > 1.01 * link.bandwidth,
    );
  return faster.length === 0 ? null : faster.reduce((a, b) => (b.bandwidth < a.bandwidth ? b : a));
}
