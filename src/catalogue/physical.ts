import type { MeasuredLinks, NodeGroup } from '../domain/cluster.ts';
import { type GpuSpec, VENDOR_NAMES } from '../domain/gpu.ts';
import { InputError } from '../domain/input-error.ts';
import { ABOVE_WIRE, LAYER_NAMES, type LinkLayer, type LinkSpec } from '../domain/link.ts';
import { formatBandwidth } from '../units/format.ts';
import type { Document } from './document.ts';

/** Both are Ethernet. */
const ETHERNET: readonly LinkLayer[] = ['roce', 'tcp'];

/** Throws InputError where cards of unlike layers are said to stand on one fabric. */
export function refuseOddFabrics(document: Document, groups: readonly NodeGroup[]): void {
  for (const group of groups) {
    const { fabric, link } = group.nic;
    if (fabric === null) continue;
    const other = groups.find(
      ({ nic, index }) => index < group.index && nic.fabric === fabric && !meet(nic.link.layer, link.layer),
    );
    if (other === undefined) continue;
    throw new InputError({
      message: `fabric "${fabric}" has cards of ${LAYER_NAMES[link.layer!]} in ${group.id} and of ${LAYER_NAMES[other.nic.link.layer!]} in ${other.id}`,
      expected: 'one layer on a fabric',
      hint: 'Maybe another name for one of them.',
      at: document.locate(`/groups/${group.index}/nic/fabric`),
    });
  }
}

function meet(one: LinkLayer | null, other: LinkLayer | null): boolean {
  return one === other || [one, other].every((layer) => layer !== null && ETHERNET.includes(layer));
}

/** Throws InputError where GPUs are said to be joined by what they are not built with. `own`: what joins them at best; null: the bus alone. */
export function refuseForeignLink(
  document: Document,
  at: string,
  { name, vendor }: Pick<GpuSpec, 'name' | 'vendor'>,
  link: LinkSpec,
  own: LinkSpec | null,
): void {
  if (link.vendor === null) return;
  const wrong =
    link.vendor !== vendor
      ? `joins GPUs of ${VENDOR_NAMES[link.vendor]}, and ${name} is of ${VENDOR_NAMES[vendor]}`
      : own === null
        ? `and ${name} has no such ports`
        : link.bandwidth > ABOVE_WIRE * own.bandwidth
          ? `has ${formatBandwidth(link.bandwidth)}, and ${name} ${formatBandwidth(own.bandwidth)}`
          : null;
  if (wrong === null) return;
  throw new InputError({
    message: `intraNode is ${link.id}, ${link.name}: ${wrong}`,
    expected: own === null ? 'PCIe' : `${own.id}, or PCIe`,
    hint: `Maybe ${own?.id ?? 'pcie4-x16-nop2p'}, or another gpu.`,
    at: document.locate(at),
  });
}

/** What all cards of a node have; null: not stated, or its nodes are one scale-up domain, which needs none. */
function cardRate({ nic, fastDomainGpus, gpusPerNode }: NodeGroup): number | null {
  return nic.unstated === true || fastDomainGpus > gpusPerNode ? null : nic.link.bandwidth * nic.perNode;
}

/** Throws InputError where a link says that a node reaches more than its cards have; `at`: the link in the document. */
export function refuseFastLink(
  document: Document,
  at: string,
  bandwidthPerNode: number,
  ends: readonly [NodeGroup, NodeGroup],
): void {
  const [one, other] = [cardRate(ends[0]), cardRate(ends[1])];
  if (bandwidthPerNode === Number.POSITIVE_INFINITY || one === null || other === null) return;
  // A node with more cards may send to several of the others at a time.
  const most = Math.max(one, other);
  if (bandwidthPerNode > ABOVE_WIRE * most)
    throw tooFast(document, `${at}/bandwidthPerNode`, 'bandwidthPerNode', bandwidthPerNode, most);
}

/** Throws InputError where a node was measured to send more than its cards have. */
export function refuseFastNodes(
  document: Document,
  groups: readonly NodeGroup[],
  { bandwidth }: MeasuredLinks,
): void {
  const nodes = groups.flatMap((group) => group.hosts.map((host) => ({ host, cards: cardRate(group) })));
  for (const [i, row] of bandwidth.entries())
    for (const [j, rate] of row.entries()) {
      const [from, to] = [nodes[i]!, nodes[j]!];
      // GPUs of two groups on one host need no card.
      if (from.host === to.host || from.cards === null || to.cards === null) continue;
      const most = Math.min(from.cards, to.cards);
      if (rate <= ABOVE_WIRE * most) continue;
      const name = `measured bandwidth from node ${i} to node ${j}`;
      throw tooFast(document, `/measured/bandwidth/${i}/${j}`, name, rate, most);
    }
}

function tooFast(document: Document, pointer: string, name: string, rate: number, most: number): InputError {
  return new InputError({
    message: `${name} is ${formatBandwidth(rate)}, and the cards of a node have ${formatBandwidth(most)}`,
    expected: 'at most that: nic link, bandwidth and perNode of the groups',
    hint: 'Maybe another unit, or more cards: perNode.',
    at: document.locate(pointer),
  });
}
