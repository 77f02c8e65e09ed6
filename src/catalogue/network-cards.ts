import type { NicSpec } from '../domain/cluster.ts';
import { InputError } from '../domain/input-error.ts';
import { ABOVE_WIRE } from '../domain/link.ts';
import type { GroupDocument } from '../schema/cluster.ts';
import { CLUSTER_RANGES } from '../schema/ranges.ts';
import { formatBandwidth } from '../units/format.ts';
import type { Document } from './document.ts';
import { linkId } from './link-names.ts';
import { loadLink } from './links.ts';
import { quantityAt } from './quantity-at.ts';
import { socketsOf } from './sockets.ts';

/** The network cards of one node of a group; `at`: the group in the document. */
export function nicFrom(document: Document, at: string, { nic }: GroupDocument): NicSpec {
  if (nic === undefined)
    return {
      link: loadLink('eth-10'),
      sockets: loadLink('eth-10'),
      perNode: 1,
      measured: null,
      devices: [],
      interface: null,
      fabric: null,
      unstated: true,
    };
  const stock = loadLink(linkId(nic.link));
  const rate = (key: 'bandwidth' | 'measured' | 'perFlow') =>
    nic[key] === undefined
      ? null
      : quantityAt(
          document,
          `${at}/nic/${key}`,
          nic[key],
          'bandwidth',
          CLUSTER_RANGES[`nic.${key}`],
          `nic ${key}`,
        );
  const bandwidth = rate('bandwidth') ?? stock.bandwidth;
  const measured = rate('measured');
  if (measured !== null && measured > ABOVE_WIRE * bandwidth)
    throw new InputError({
      message: `nic measured is "${nic.measured}", and the wire has ${formatBandwidth(bandwidth)}`,
      expected: 'what transfers through one port reached',
      hint: 'Maybe it is of all ports of a node, or link is another.',
      at: document.locate(`${at}/nic/measured`),
    });
  const latency =
    nic.latency === undefined
      ? stock.latency
      : quantityAt(
          document,
          `${at}/nic/latency`,
          nic.latency,
          'time',
          CLUSTER_RANGES['nic.latency'],
          'nic latency',
        );
  const stated = rate('perFlow');
  const ofNode = bandwidth * nic.perNode;
  if (stated !== null && stated > ABOVE_WIRE * ofNode)
    throw new InputError({
      message: `nic perFlow is "${nic.perFlow}", and the cards of a node have ${formatBandwidth(ofNode)}`,
      expected: 'what one GPU alone reaches on another node',
      hint: 'Maybe another unit, or link is another.',
      at: document.locate(`${at}/nic/perFlow`),
    });
  refuseOddDevices(document, at, nic);
  const perFlow = stated ?? stock.perFlow;
  // A latency that a file states is that of the line through measured times: what fills the way is in it.
  const fill = nic.latency === undefined ? stock.fill : 0;
  const own = { bandwidth, perFlow, latency, fill };
  const same = (Object.keys(own) as (keyof typeof own)[]).every((key) => own[key] === stock[key]);
  const link = same ? stock : { ...stock, ...own };
  return {
    link,
    sockets: socketsOf(link),
    perNode: nic.perNode,
    measured,
    devices: nic.devices ?? [],
    interface: nic.interface ?? null,
    fabric: nic.fabric ?? null,
  };
}

/** A card stands once, and NCCL is not told of more than a node has; fewer names may each begin those of several. */
function refuseOddDevices(document: Document, at: string, nic: NonNullable<GroupDocument['nic']>): void {
  const { devices = [], perNode } = nic;
  const twice = devices.findIndex((one, i) => devices.indexOf(one) !== i);
  if (twice >= 0)
    throw new InputError({
      message: `nic device "${devices[twice]}" stands twice`,
      expected: 'each device once',
      at: document.locate(`${at}/nic/devices/${twice}`),
    });
  if (devices.length > perNode)
    throw new InputError({
      message: `${devices.length} nic devices, and perNode is ${perNode}`,
      expected: `at most ${perNode}: a device for each card that training uses`,
      hint: `Maybe perNode: ${devices.length}.`,
      at: document.locate(`${at}/nic/devices`),
    });
}
