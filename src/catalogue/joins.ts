import type { Cluster, GroupLink, NodeGroup } from '../domain/cluster.ts';
import { VENDOR_NAMES } from '../domain/gpu.ts';
import { LAYER_NAMES, type LinkLayer, promisedBandwidth } from '../domain/link.ts';
import { joinOf } from '../hardware/transport.ts';
import { formatBandwidth, formatSeconds } from '../units/format.ts';
import { remembered } from '../units/remembered.ts';
import { loadLink } from './links.ts';
import { WAN } from './sockets.ts';

/**
 * Links between groups at different sites that no link of the file joins: a wide-area network, slow and assumed. A group
 * that states no site stands apart from those that do. Each such way is told in `assumptions`.
 */
export function assumedWays(
  groups: readonly NodeGroup[],
  links: readonly GroupLink[],
  assumptions: string[],
): GroupLink[] {
  const kind = loadLink(WAN);
  const { bandwidth, latency } = kind;
  const joined = new Set(links.flatMap(({ from, to }) => [`${from},${to}`, `${to},${from}`]));
  const told = new Set<string>();
  const assumed: GroupLink[] = [];
  for (const [to, b] of groups.entries())
    for (const [from, a] of groups.slice(0, to).entries()) {
      if (a.site === b.site || joined.has(`${from},${to}`) || onOneFabric(a, b)) continue;
      told.add(
        `no link states the way between ${placeOf(a)} and ${placeOf(b)}: ${WAN}, ${formatBandwidth(bandwidth)} a node and ${formatSeconds(latency)}`,
      );
      assumed.push({
        from,
        to,
        layer: 'tcp',
        kind,
        stated: false,
        bandwidthPerNode: Number.POSITIVE_INFINITY,
        nominalPerNode: promisedBandwidth(kind),
        sharedBandwidth: Number.POSITIVE_INFINITY,
        perFlow: Number.POSITIVE_INFINITY,
        latency,
        provenance: 'assumed',
      });
    }
  assumptions.push(...told);
  return assumed;
}

/** What is taken for the joins inside a site that the file does not state: a line for groups that are joined alike. */
export function assumedJoins(cluster: Cluster): string[] {
  if (cluster.measured !== undefined) return [];
  const { groups } = cluster;
  const fabrics = new Map<string, Set<string>>();
  const sockets = new Map<string, Set<string>>();
  const vendors = new Map<string, Set<string>>();
  for (const b of groups)
    for (const a of groups.slice(0, b.index)) {
      const { transport, stated, vendorsApart = false } = joinOf(cluster, a.index, b.index);
      if (stated || (a.site !== b.site && !vendorsApart)) continue;
      const [one, other] = [layerOf(a), layerOf(b)];
      const alike = transport === 'rdma' || (one === other && one === 'tcp');
      const key = alike ? `${one}/${a.site}` : `${one}/${other}/${a.site}`;
      const into = vendorsApart ? vendors : alike ? fabrics : sockets;
      remembered(into, vendorsApart ? one : key, () => new Set())
        .add(a.id)
        .add(b.id);
    }
  const joined = (ids: ReadonlySet<string>) => groups.filter(({ id }) => ids.has(id));
  return [
    ...[...fabrics].map(
      ([key, ids]) =>
        `no link states how ${some(ids)} are joined: one ${LAYER_NAMES[key.split('/')[0] as LinkLayer]} fabric`,
    ),
    ...[...sockets.values()].map(joined).map((all) => {
      const named = all.map((group) => `${group.id} (${LAYER_NAMES[layerOf(group)]})`);
      return `no link states how ${some(named)} are joined: TCP sockets, at most ${leastSockets(all)} a node`;
    }),
    ...[...vendors.values()].map(joined).map((all) => {
      const named = all.map(({ id, gpu }) => `${id} (${VENDOR_NAMES[gpu.vendor]})`);
      return `no one library of the vendors joins ${some(named)}: TCP sockets (Gloo), at most ${leastSockets(all)} a node; FlagCX, which may take RDMA, is not counted on`;
    }),
  ];
}

function leastSockets(groups: readonly NodeGroup[]): string {
  const rates = groups.map(({ nic }) =>
    nic.link.layer === 'tcp' ? promisedBandwidth(nic.link) * nic.perNode : promisedBandwidth(nic.sockets),
  );
  return formatBandwidth(Math.min(...rates));
}

function onOneFabric({ nic }: NodeGroup, { nic: peer }: NodeGroup): boolean {
  return nic.fabric !== null && nic.fabric === peer.fabric && nic.link.layer === peer.link.layer;
}

function layerOf({ nic }: NodeGroup): LinkLayer {
  return nic.link.layer!;
}

/** Three of many names. */
export function some(names: Iterable<string>): string {
  const all = [...names];
  return all.length > 4 ? `${all.slice(0, 3).join(', ')} … (${all.length})` : all.join(' and ');
}

export function placeOf({ id, site }: NodeGroup): string {
  return site === null ? `${id}, which states no site,` : `site ${site}`;
}
