import { loadGpu } from '../../catalogue/gpus.ts';
import { linksCalled, linksOfDevice, linksOfLayer, usualOf } from '../../catalogue/link-names.ts';
import { listLinks, loadLink } from '../../catalogue/links.ts';
import { shapeCalled } from '../../catalogue/shapes.ts';
import { usualCards } from '../../catalogue/usual-host.ts';
import { at, type PortFact, type TopologyFact } from '../facts/facts.ts';
import { rateText } from '../facts/measured-words.ts';

/** A network port, and the words that said so; null: assumed. */
export interface Port {
  readonly link: string;
  readonly feature: string | null;
  /** The words say its layer, and its rate is that of such hosts. */
  readonly rateAssumed: boolean;
  /** Ports of a host by the same words; null: they do not say. */
  readonly perNode: number | null;
}

/** The network as a host's features name it (ib400, hdr, roce-200, eth25, p5.48xlarge), else what such hosts are sold with. */
export function portOf(features: readonly string[], gpu: string): Port {
  const ways = [byShape, byName, byLayer] as const;
  for (const way of ways)
    for (const feature of features) {
      const port = way(feature, gpu);
      if (port !== null) return { feature, ...port };
    }
  return { link: loadGpu(gpu).host.network.link, feature: null, rateAssumed: true, perNode: null };
}

type Told = Omit<Port, 'feature'>;

function byShape(feature: string): Told | null {
  const shape = shapeCalled(feature);
  return shape === null ? null : { link: shape.nic.link, rateAssumed: false, perNode: shape.nic.perNode };
}

function byName(feature: string, gpu: string): Told | null {
  const links = linksCalled(feature);
  return links.length === 0 ? null : { link: usualOf(links, gpu), rateAssumed: false, perNode: null };
}

function byLayer(feature: string, gpu: string): Told | null {
  const links = linksOfLayer(feature);
  return links.length === 0 ? null : { link: usualOf(links, gpu), rateAssumed: true, perNode: null };
}

/** The network cards of a host, each figure with where it is from. */
export interface Cards {
  readonly link: string;
  readonly from: string;
  /** Bytes/s of a port where that is not the link's. */
  readonly bandwidth: number | null;
  readonly perNode: number;
  readonly perNodeFrom: string;
  /** RDMA devices, such as mlx5_0; empty where no source names them. */
  readonly devices: readonly string[];
  /** What of it is guessed, in words. */
  readonly guessed: readonly string[];
}

/** What is known of the hosts that the cards are of. */
interface Host {
  readonly name: string;
  readonly gpu: string;
  readonly gpusPerNode: number;
  /** Generation of its bus, where a tool saw it. */
  readonly generation: number | null;
}

/** By what a tool says of ports, else by words about the host, else by the names of cards, else as such hosts are sold. */
export function cardsOf(
  host: Host,
  port: Port,
  featureAt: string | null,
  topology: TopologyFact | null,
  ports: readonly PortFact[],
): Cards {
  const shown = topology !== null && topology.nics > 0 ? topology : null;
  const stated = statedPorts(host, port, shown, ports);
  const cards =
    stated ??
    (port.feature === null ? byDevices(host, shown) : null) ??
    byWords(host, port, featureAt, shown);
  return withinSlots(host, cards);
}

/** Ports as ibstat or the device plugin of a cluster counts them: the fastest, of those near GPUs where that is known. */
function statedPorts(
  host: Host,
  port: Port,
  shown: TopologyFact | null,
  ports: readonly PortFact[],
): Cards | null {
  const near = (one: PortFact) =>
    shown?.nicsNear === true && shown.nicNames.length > 0
      ? one.devices.filter((device) => shown.nicNames.includes(device))
      : one.devices;
  const capacity = (one: PortFact) =>
    (one.rate ?? 1) * (one.devices.length > 0 ? near(one).length : one.count);
  const best = ports.reduce<PortFact | null>(
    (a, b) => (a === null || capacity(b) > capacity(a) ? b : a),
    null,
  );
  if (best === null) return null;
  const said = port.feature !== null && !port.rateAssumed && loadLink(port.link).layer === LAYERS[best.layer];
  const { link, bandwidth } =
    best.rate === null && said ? { link: port.link, bandwidth: null } : linkOf(best, host.gpu);
  const devices = near(best);
  return {
    link,
    bandwidth,
    from: at(best),
    perNode: best.devices.length > 0 && devices.length > 0 ? devices.length : best.count,
    perNodeFrom: at(best),
    devices: devices.length === best.count || devices.length > 0 ? devices : [],
    guessed:
      best.rate === null && !said
        ? [
            `the rate of the network ports of ${host.name} hosts: ${rateText(loadLink(link).bandwidth)} (${link}) assumed`,
          ]
        : [],
  };
}

const LAYERS = { infiniband: 'infiniband', ethernet: 'roce', efa: 'efa' } as const;

/** The link of the catalogue of that layer and rate; of another rate the next above, held to the port's own. */
function linkOf({ layer, rate, count }: PortFact, gpu: string): { link: string; bandwidth: number | null } {
  const alike = listLinks().filter(
    (id) => loadLink(id).layer === LAYERS[layer] && loadLink(id).names.length > 0,
  );
  if (rate === null) return { link: usualOf(alike, gpu, count), bandwidth: null };
  const fast = alike.filter((id) => loadLink(id).bandwidth >= rate * 0.99);
  const by = (id: string) => loadLink(id).bandwidth;
  const enough = fast.length > 0 ? fast : alike.filter((id) => by(id) === Math.max(...alike.map(by)));
  const least = Math.min(...enough.map(by));
  const link = usualOf(
    enough.filter((id) => by(id) === least),
    gpu,
  );
  return { link, bandwidth: Math.abs(least / rate - 1) < 0.01 ? null : rate };
}

/** Names of cards that tell what they speak: rdmap79s0 is EFA, mlx5_0 says nothing. */
function byDevices(host: Host, shown: TopologyFact | null): Cards | null {
  if (shown === null) return null;
  const told = shown.nicNames.map((device) => ({ device, links: linksOfDevice(device) }));
  const rdma = told.filter(
    ({ links }) => links.length === 0 || links.some((id) => loadLink(id).layer !== 'tcp'),
  );
  // A front-end card serves training only where there is no other.
  const used = rdma.length > 0 ? rdma : told;
  const first = used.find(({ links }) => links.length > 0);
  if (first === undefined) return null;
  const alike = used.filter(({ links }) => links.join() === first.links.join());
  const link = usualOf(first.links, host.gpu, alike.length);
  return {
    link,
    bandwidth: null,
    from: `${first.device}, ${at(shown)}`,
    perNode: alike.length,
    perNodeFrom: at(shown),
    devices:
      loadLink(link).layer === 'tcp' || shown.portsPerCard > 1 ? [] : alike.map(({ device }) => device),
    guessed: [
      `the rate of the network ports of ${host.name} hosts: ${rateText(loadLink(link).bandwidth)} (${link}) assumed`,
    ],
  };
}

function byWords(host: Host, port: Port, featureAt: string | null, shown: TopologyFact | null): Cards {
  const { link, feature, rateAssumed } = port;
  const counted = port.perNode ?? shown?.nics ?? null;
  const perNode = counted ?? usualCards(host.gpu, host.gpusPerNode, link);
  return {
    link,
    bandwidth: null,
    from: feature === null ? 'assumed' : `feature ${feature}, ${featureAt}`,
    perNode,
    perNodeFrom:
      port.perNode === null ? (shown === null ? 'assumed' : at(shown)) : `feature ${feature}, ${featureAt}`,
    devices: shown === null || shown.portsPerCard > 1 || shown.nics !== perNode ? [] : shown.nicNames,
    guessed: [
      ...(feature === null ? [`the network of ${host.name} hosts: ${link} assumed`] : []),
      ...(feature !== null && rateAssumed
        ? [
            `the rate of the network ports of ${host.name} hosts: ${rateText(loadLink(link).bandwidth)} (${link}) assumed`,
          ]
        : []),
      ...(counted === null ? [`network cards of a ${host.name} host: ${perNode} assumed`] : []),
      ...(shown !== null && shown.nics === perNode && !shown.nicsNear
        ? [
            `which network cards of a ${host.name} host serve its GPUs: all ${perNode} of ${at(shown)} assumed`,
          ]
        : []),
    ],
  };
}

/** PCIe of 16 lanes one way, bytes/s, by generation (PCI Express Base Specification: 128b/130b from the third on). */
const SLOT: Readonly<Record<number, number>> = { 3: 15.75e9, 4: 31.5e9, 5: 63e9, 6: 126e9 };

/**
 * No port above the slot that a card sits in, where the bus of the host is older than that of hosts it is usual in; and no
 * more assumed ports than the GPUs of a host can feed through slots of their own.
 */
function withinSlots(host: Host, cards: Cards): Cards {
  const { pcie, network } = loadGpu(host.gpu).host;
  const usual = loadLink(network.link).bandwidth;
  const rate = cards.bandwidth ?? loadLink(cards.link).bandwidth;
  const slot = SLOT[Math.min(6, Math.max(3, host.generation ?? pcie))]!;
  const older = host.generation !== null && host.generation < pcie;
  const bandwidth = older && rate > slot ? slot : cards.bandwidth;
  const whole = host.gpusPerNode * Math.max(slot, older ? 0 : usual);
  const most = Math.max(1, Math.floor(whole / (bandwidth ?? rate)));
  if (cards.guessed.length === 0 || cards.perNode <= most) return { ...cards, bandwidth };
  return {
    ...cards,
    bandwidth,
    perNode: most,
    devices: [],
    guessed: [
      ...cards.guessed,
      `${most} of the ${cards.perNode} network ports of ${cards.perNodeFrom} at ${rateText(bandwidth ?? rate)} each: what the slots of ${host.gpusPerNode} GPUs carry`,
    ],
  };
}
