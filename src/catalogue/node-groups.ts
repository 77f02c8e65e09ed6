import type { NodeGroup, Ownership } from '../domain/cluster.ts';
import { expandHosts } from '../domain/hostlist.ts';
import { InputError } from '../domain/input-error.ts';
import type { CollectiveCurve, LinkSpec } from '../domain/link.ts';
import type { ClusterDocument, GroupDocument } from '../schema/cluster.ts';
import { CLUSTER_RANGES } from '../schema/ranges.ts';
import type { Document } from './document.ts';
import { gpuCalled } from './gpu-names.ts';
import { loadGpu } from './gpus.ts';
import { hostFrom } from './hosts.ts';
import { some } from './joins.ts';
import { linkId, linksOfLayer } from './link-names.ts';
import { curvesFrom, loadLink } from './links.ts';
import { locating } from './locating.ts';
import { nicFrom } from './network-cards.ts';
import { refuseForeignLink } from './physical.ts';
import { powerCapFrom } from './power-cap.ts';
import { quantityAt } from './quantity-at.ts';
import { sbatchFrom } from './sbatch.ts';
import { cardsOf, hostCount } from './shared-hosts.ts';

/** Hosts that the file does not name: a line for each group, one for many. */
export function assumedHosts(groups: readonly NodeGroup[]): string[] {
  const lacking = groups.filter(({ hostsMadeUp }) => hostsMadeUp === true);
  return lacking.length > 4
    ? [`host names made up for ${some(lacking.map(({ id }) => id))}`]
    : lacking.map(({ id, hosts }) => `${id}: host names made up (${hosts[0]} …)`);
}

/** A node group of a cluster file; what it leaves out goes to `assumptions`. */
export function groupFrom(
  document: Document,
  doc: ClusterDocument,
  group: GroupDocument,
  index: number,
  firstDevice: number,
  assumptions: string[],
): NodeGroup {
  const at = `/groups/${index}`;
  const named = <T>(pointer: string, read: () => T): T => locating(document, pointer, read);
  const { id: gpuId, open } = gpuCalled(group.gpu);
  if (open) assumptions.push(`${group.id}: which ${group.gpu}: ${gpuId}`);
  const card = named(`${at}/gpu`, () => loadGpu(gpuId));
  const quantity = (key: 'memory' | 'usableMemory' | 'intraNodeMeasured', kind: 'bytes' | 'bandwidth') =>
    group[key] === undefined
      ? null
      : quantityAt(document, `${at}/${key}`, group[key], kind, CLUSTER_RANGES[key], key);
  const stock = { ...card, memoryBytes: quantity('memory', 'bytes') ?? card.memoryBytes };
  const stockLink = named(`${at}/intraNode`, () => loadLink(linkId(group.intraNode)));
  if (stockLink.topology === 'network') {
    throw new InputError({
      message: `intraNode is "${group.intraNode}", a network`,
      expected: 'NVLink, xGMI or PCIe',
      at: document.locate(`${at}/intraNode`),
    });
  }
  const { scaleUp } = card.host;
  const own = scaleUp === null ? null : loadLink(scaleUp.link);
  refuseForeignLink(document, `${at}/intraNode`, card, stockLink, own);
  const cards = group.nic === undefined ? cardsOf(doc, group) : group;
  if (cards.nic === undefined && hostCount(doc) > 1) {
    throw new InputError({
      message: `group "${group.id}" states no nic: its bandwidth to other nodes is unknown`,
      expected: 'nic: { link: ib-ndr400, perNode: 8 }',
      at: document.locate(at),
    });
  }
  if (cards.nic === undefined) assumptions.push(`${group.id}: a single node, no network needed`);
  if (group.nic !== undefined && linksOfLayer(group.nic.link).length > 1)
    assumptions.push(`${group.id}: the rate of "${group.nic.link}": ${linkId(group.nic.link)}`);
  const cardsAt = `/groups/${doc.groups.indexOf(cards)}`;
  const nic = named(`${cardsAt}/nic/link`, () => nicFrom(document, cardsAt, cards));
  if (nic.link.topology !== 'network') {
    throw new InputError({
      message: `nic link "${nic.link.id}" is not a network`,
      expected: 'InfiniBand, RoCE, Ethernet, …',
      at: document.locate(`${cardsAt}/nic/link`),
    });
  }
  const memory = quantity('usableMemory', 'bytes') ?? stock.memoryBytes;
  if (memory > stock.memoryBytes * 1.02) {
    throw new InputError({
      message: `usableMemory is ${group.usableMemory}`,
      expected: `at most what ${stock.name} has`,
      hint: 'Maybe memory: a card of another size than its kind.',
      at: document.locate(`${at}/usableMemory`),
    });
  }
  const hosts = expandHosts(group.hosts ?? defaultHosts(group));
  if (hosts.length !== group.nodes) {
    throw new InputError({
      message: `${hosts.length} hosts for ${group.nodes} nodes`,
      expected: `${group.nodes} host names`,
      at: document.locate(`${at}/hosts`),
    });
  }
  assumptions.push(...(group.assumed ?? []).map((text) => `${group.id}: ${text}`));
  const dollars = group.pricePerGpuHour ?? stock.dollarsPerHour;
  return {
    id: group.id,
    index,
    gpu: { ...stock, memoryBytes: memory },
    nodes: group.nodes,
    gpusPerNode: group.gpusPerNode,
    firstDevice,
    fastDomainGpus: Math.min(group.fastDomainGpus ?? group.gpusPerNode, group.nodes * group.gpusPerNode),
    intraNode: asMeasured(
      withCurves(document, at, group, stockLink),
      group.gpusPerNode,
      quantity('intraNodeMeasured', 'bandwidth'),
    ),
    nic,
    hosts,
    ...(group.hosts === undefined ? { hostsMadeUp: true as const } : {}),
    ...(group.host === undefined ? {} : { host: hostFrom(document, `${at}/host`, group.host) }),
    powerCapWatts: powerCapFrom(document, at, group, stock),
    site: group.site ?? null,
    dollarsPerGpuHour: dollars,
    ...(group.own === undefined ? {} : { owned: ownedFrom(group.own) }),
    ...(group.slurm === undefined ? {} : { slurm: sbatchFrom(document, `${at}/slurm`, group.slurm, true) }),
    ...(group.kubernetes?.nodeSelector === undefined ? {} : { nodeSelector: group.kubernetes.nodeSelector }),
    provenance: (group.assumed ?? []).length > 0 ? 'assumed' : 'datasheet',
  };
}

function ownedFrom(own: NonNullable<GroupDocument['own']>): Ownership {
  const { pricePerGpu, years, pricePerKwh, used = 1, hostPower, pue } = own;
  return {
    ...{ dollarsPerGpu: pricePerGpu, years, dollarsPerKwh: pricePerKwh, used },
    ...(hostPower === undefined ? {} : { hostShare: hostPower }),
    ...(pue === undefined ? {} : { pue }),
  };
}

/** The link with the collectives that were measured on the group in place of its own of the same kind and size. */
function withCurves(document: Document, at: string, group: GroupDocument, link: LinkSpec): LinkSpec {
  const measured = curvesFrom(document, `${at}/collectives`, group.collectives ?? []).map(
    (curve): CollectiveCurve => ({ ...curve, here: true }),
  );
  const large = measured.findIndex(({ gpus }) => gpus > (group.fastDomainGpus ?? group.gpusPerNode));
  if (large >= 0)
    throw new InputError({
      message: `a collective of ${measured[large]!.gpus} GPUs`,
      expected: `at most the ${group.fastDomainGpus ?? group.gpusPerNode} of one node`,
      at: document.locate(`${at}/collectives/${large}/gpus`),
    });
  const replaced = (one: CollectiveCurve) =>
    measured.some(({ collective, gpus }) => collective === one.collective && gpus === one.gpus);
  return measured.length === 0
    ? link
    : { ...link, collectives: [...link.collectives.filter((one) => !replaced(one)), ...measured] };
}

/** What two GPUs reach as measured: of a mesh each pair owns its share of a GPU's links. */
function asMeasured(link: LinkSpec, gpusPerNode: number, measured: number | null): LinkSpec {
  if (measured === null) return link;
  const whole = link.topology === 'mesh' ? measured * Math.max(1, gpusPerNode - 1) : measured;
  const bandwidth = Math.max(link.bandwidth, whole);
  return { ...link, bandwidth, efficiency: whole / bandwidth, provenance: 'measured' };
}

function defaultHosts(group: GroupDocument): string[] {
  const width = String(group.nodes - 1).length;
  return Array.from({ length: group.nodes }, (_, i) => `${group.id}-${String(i).padStart(width, '0')}`);
}
