import type { GroupLink, NodeGroup } from '../domain/cluster.ts';
import { formatBandwidth, formatSeconds } from '../units/format.ts';
import { loadLink } from './links.ts';

/** What stands for the way between two sites of which a file says nothing. */
const WAN = 'wan-same-continent';

/**
 * Links between groups at different sites that no link of the file joins: a wide-area network, slow and assumed. A group
 * that states no site stands apart from those that do. Each such way is told in `assumptions`.
 */
export function assumedWays(
  groups: readonly NodeGroup[],
  links: readonly GroupLink[],
  assumptions: string[],
): GroupLink[] {
  const { layer, bandwidth, efficiency, latency } = loadLink(WAN);
  const told = new Set<string>();
  const assumed: GroupLink[] = [];
  for (const [to, b] of groups.entries())
    for (const [from, a] of groups.slice(0, to).entries()) {
      if (a.site === b.site) continue;
      const stated = links.filter((link) => joins(link, from, to));
      if (stated.length > 0) {
        if (stated.every((link) => link.latency === 0))
          told.add(`the link between ${placeOf(a)} and ${placeOf(b)} states no latency: none`);
        continue;
      }
      told.add(
        `no link states the way between ${placeOf(a)} and ${placeOf(b)}: ${WAN}, ${formatBandwidth(bandwidth)} a node and ${formatSeconds(latency)}`,
      );
      assumed.push({
        from,
        to,
        layer,
        stated: false,
        bandwidthPerNode: Number.POSITIVE_INFINITY,
        nominalPerNode: bandwidth * efficiency,
        sharedBandwidth: Number.POSITIVE_INFINITY,
        latency,
        provenance: 'assumed',
      });
    }
  assumptions.push(...told);
  return assumed;
}

function joins(link: GroupLink, a: number, b: number): boolean {
  return (link.from === a && link.to === b) || (link.from === b && link.to === a);
}

function placeOf({ id, site }: NodeGroup): string {
  return site === null ? `${id}, which states no site,` : `site ${site}`;
}
