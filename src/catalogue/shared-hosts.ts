import type { NodeGroup } from '../domain/cluster.ts';
import { expandHosts } from '../domain/hostlist.ts';
import { onSharedHosts, shareHosts } from '../domain/hosts.ts';
import { InputError } from '../domain/input-error.ts';
import type { LinkSpec } from '../domain/link.ts';
import type { ClusterDocument, GroupDocument } from '../schema/cluster.ts';
import type { Document } from './document.ts';
import { loadLink } from './links.ts';
import { locating } from './locating.ts';
import { busOf } from './usual-host.ts';

/** Empty: the file names none, and the group stands on hosts of its own. */
function namedHosts({ hosts }: GroupDocument): string[] {
  return expandHosts(hosts ?? []);
}

/** Hosts of a cluster file, each once though it stands in several groups. */
export function hostCount({ groups }: ClusterDocument): number {
  const names = new Set<string>();
  let unnamed = 0;
  for (const group of groups) {
    if (group.hosts === undefined) unnamed += group.nodes;
    for (const host of namedHosts(group)) names.add(host);
  }
  return names.size + unnamed;
}

/** The group whose network cards stand in the same hosts; itself where no other states any. */
export function cardsOf({ groups }: ClusterDocument, group: GroupDocument): GroupDocument {
  const hosts = new Set(namedHosts(group));
  const beside = groups.find(
    (other) => other.nic !== undefined && namedHosts(other).some((host) => hosts.has(host)),
  );
  return beside ?? group;
}

/** The groups with their places on hosts that have GPUs of several; what joins those is told in `assumptions` where assumed. */
export function sharingHosts(
  document: Document,
  doc: ClusterDocument,
  groups: readonly NodeGroup[],
  assumptions: string[],
): NodeGroup[] {
  for (const { hosts, id, index } of groups) {
    const seen = new Set<string>();
    const twice = hosts.find((host) => seen.size === seen.add(host).size);
    if (twice !== undefined)
      throw new InputError({
        message: `host "${twice}" stands twice in group "${id}"`,
        expected: 'each host once',
        at: document.locate(`/groups/${index}/hosts`),
      });
  }
  const assumed = new Set<number>();
  const shared = onSharedHosts(groups, (group) => busOfGroup(document, doc, group, assumed));
  for (const one of shared) {
    if (one.shared === undefined && doc.groups[one.index]!.bus !== undefined)
      throw new InputError({
        message: `bus of "${one.id}", whose hosts have GPUs of no other group`,
        expected: 'hosts: the same names in both groups',
        at: document.locate(`/groups/${one.index}/bus`),
      });
    if (!assumed.has(one.index)) continue;
    const others = shared.filter((other) => other !== one && shareHosts(one, other)).map(({ id }) => id);
    assumptions.push(`${one.id} shares hosts with ${others.join(' and ')}: joined by ${one.shared!.bus.id}`);
  }
  return shared;
}

/** As the file says, else the link of its own GPUs where that is a bus of the host, else the bus of hosts of such GPUs. */
function busOfGroup(
  document: Document,
  doc: ClusterDocument,
  { index, gpu, intraNode }: NodeGroup,
  assumed: Set<number>,
): LinkSpec {
  const stated = doc.groups[index]!.bus;
  if (stated !== undefined) {
    const at = `/groups/${index}/bus`;
    const link = locating(document, at, () => loadLink(stated));
    if (link.topology !== 'network') return link;
    throw new InputError({
      message: `bus is "${stated}", a network`,
      expected: 'PCIe, or another link inside a host',
      at: document.locate(at),
    });
  }
  if (/^pcie/.test(intraNode.id)) return intraNode;
  assumed.add(index);
  return loadLink(busOf(gpu.id, null));
}
