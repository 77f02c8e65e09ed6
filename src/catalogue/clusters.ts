import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Cluster, GroupLink, MeasuredLinks, NicSpec, NodeGroup } from '../domain/cluster.ts';
import { expandHosts } from '../domain/hostlist.ts';
import { InputError } from '../domain/input-error.ts';
import type { CollectiveCurve, LinkSpec } from '../domain/link.ts';
import { type ClusterDocument, clusterSchema, type GroupDocument } from '../schema/cluster.ts';
import { nearest } from '../schema/validator.ts';
import { bundled, type Document, dataFolder, listNames, readDocument, validateDocument } from './document.ts';
import { loadGpu } from './gpus.ts';
import { curvesFrom, loadLink } from './links.ts';
import type { Loaded } from './models.ts';
import { quantityAt } from './quantity-at.ts';

const FOLDER = dataFolder('configs', 'clusters');

export function listClusters(): string[] {
  return listNames(FOLDER);
}

/** A bundled cluster by name, or a YAML file. */
export function loadCluster(nameOrPath: string): Loaded<Cluster> {
  const looksLikePath = /[\\/]|\.(json|ya?ml)$/i.test(nameOrPath) || existsSync(nameOrPath);
  const path = looksLikePath ? nameOrPath : bundled('cluster', FOLDER, nameOrPath);
  const document = readDocument(path);
  return { value: clusterFrom(document), path, sha256: document.sha256 };
}

function clusterFrom(document: Document): Cluster {
  const doc = validateDocument<ClusterDocument>(document, clusterSchema);
  const assumptions: string[] = [];
  const groups: NodeGroup[] = [];
  let firstDevice = 0;
  for (const [index, group] of doc.groups.entries()) {
    if (groups.some((g) => g.id === group.id)) {
      throw new InputError({
        message: `two groups are called "${group.id}"`,
        expected: 'one name each',
        at: document.locate(`/groups/${index}/id`),
      });
    }
    groups.push(groupFrom(document, doc, group, index, firstDevice, assumptions));
    firstDevice += group.nodes * group.gpusPerNode;
  }
  const nodes = groups.reduce((sum, group) => sum + group.nodes, 0);
  const measured = doc.measured === undefined ? undefined : measuredFrom(document, doc.measured, nodes);
  return {
    name: doc.name ?? basename(document.path).replace(/\.(json|ya?ml)$/i, ''),
    groups,
    links: (doc.links ?? []).map((_, i) => linkFrom(document, doc, i, groups)),
    assumptions,
    ...(measured === undefined ? {} : { measured }),
  };
}

function groupFrom(
  document: Document,
  doc: ClusterDocument,
  group: GroupDocument,
  index: number,
  firstDevice: number,
  assumptions: string[],
): NodeGroup {
  const at = `/groups/${index}`;
  const named = <T>(pointer: string, read: () => T): T => {
    try {
      return read();
    } catch (error) {
      if (error instanceof InputError && error.problem.at === undefined)
        throw new InputError({ ...error.problem, at: document.locate(pointer) });
      throw error;
    }
  };
  const stock = named(`${at}/gpu`, () => loadGpu(group.gpu));
  const stockLink = named(`${at}/intraNode`, () => loadLink(group.intraNode));
  if (stockLink.topology === 'network') {
    throw new InputError({
      message: `intraNode is "${group.intraNode}", a network`,
      expected: 'NVLink, xGMI or PCIe',
      at: document.locate(`${at}/intraNode`),
    });
  }
  const several = group.nodes > 1 || doc.groups.length > 1;
  if (group.nic === undefined && several) {
    throw new InputError({
      message: `group "${group.id}" states no nic: its bandwidth to other nodes is unknown`,
      expected: 'nic: { link: ib-ndr400, perNode: 8 }',
      at: document.locate(at),
    });
  }
  if (group.nic === undefined) assumptions.push(`${group.id}: a single node, no network needed`);
  const nic = named(`${at}/nic/link`, () => nicFrom(document, at, group));
  if (nic.link.topology !== 'network') {
    throw new InputError({
      message: `nic link "${nic.link.id}" is not a network`,
      expected: 'InfiniBand, RoCE, Ethernet, …',
      at: document.locate(`${at}/nic/link`),
    });
  }
  const memory =
    group.usableMemory === undefined
      ? stock.memoryBytes
      : quantityAt(document, `${at}/usableMemory`, group.usableMemory, 'bytes');
  if (memory > stock.memoryBytes * 1.02) {
    throw new InputError({
      message: `usableMemory is ${group.usableMemory}`,
      expected: `at most what ${stock.name} has`,
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
  if (group.hosts === undefined) assumptions.push(`${group.id}: host names made up (${hosts[0]} …)`);
  const dollars = group.pricePerGpuHour ?? stock.dollarsPerHour;
  return {
    id: group.id,
    index,
    gpu: { ...stock, memoryBytes: memory },
    nodes: group.nodes,
    gpusPerNode: group.gpusPerNode,
    firstDevice,
    fastDomainGpus: Math.min(group.fastDomainGpus ?? group.gpusPerNode, group.nodes * group.gpusPerNode),
    intraNode: withCurves(document, at, group, stockLink),
    nic,
    hosts,
    powerCapWatts:
      group.powerCap === undefined ? null : quantityAt(document, `${at}/powerCap`, group.powerCap, 'power'),
    site: group.site ?? 'site',
    dollarsPerGpuHour: dollars,
    provenance: 'datasheet',
  };
}

/** The link with the collectives that were measured on the group in place of its own of the same kind and size. */
function withCurves(document: Document, at: string, group: GroupDocument, link: LinkSpec): LinkSpec {
  const measured = curvesFrom(document, `${at}/collectives`, group.collectives ?? []);
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

function defaultHosts(group: GroupDocument): string[] {
  const width = String(group.nodes - 1).length;
  return Array.from({ length: group.nodes }, (_, i) => `${group.id}-${String(i).padStart(width, '0')}`);
}

function nicFrom(document: Document, at: string, { nic }: GroupDocument): NicSpec {
  if (nic === undefined) return { link: loadLink('eth-10'), perNode: 1, devices: [], interface: null };
  const stock = loadLink(nic.link);
  const link =
    nic.bandwidth === undefined
      ? stock
      : {
          ...stock,
          bandwidth: quantityAt(document, `${at}/nic/bandwidth`, nic.bandwidth, 'bandwidth'),
        };
  return { link, perNode: nic.perNode, devices: nic.devices ?? [], interface: nic.interface ?? null };
}

function linkFrom(
  document: Document,
  doc: ClusterDocument,
  i: number,
  groups: readonly NodeGroup[],
): GroupLink {
  const at = `/links/${i}`;
  const link = doc.links![i]!;
  const [from, to] = link.between.map((id, end) => {
    const group = groups.find((g) => g.id === id);
    if (group !== undefined) return group.index;
    const ids = groups.map((g) => g.id);
    const near = nearest(id, ids);
    throw new InputError({
      message: `no group "${id}"`,
      expected: `one of ${ids.join(', ')}`,
      at: document.locate(`${at}/between/${end}`),
      ...(near === undefined ? {} : { hint: `Maybe "${near}".` }),
    });
  }) as [number, number];
  const base = link.link === undefined ? null : loadLink(link.link);
  if (base === null && link.bandwidthPerNode === undefined && link.sharedBandwidth === undefined) {
    throw new InputError({
      message: `the link between ${link.between.join(' and ')} states no bandwidth`,
      expected: 'link, bandwidthPerNode or sharedBandwidth',
      at: document.locate(at),
    });
  }
  const rate = (key: 'bandwidthPerNode' | 'sharedBandwidth') =>
    link[key] === undefined ? null : quantityAt(document, `${at}/${key}`, link[key], 'bandwidth');
  return {
    from,
    to,
    bandwidthPerNode: rate('bandwidthPerNode') ?? base?.bandwidth ?? Number.POSITIVE_INFINITY,
    sharedBandwidth: rate('sharedBandwidth') ?? Number.POSITIVE_INFINITY,
    latency:
      link.latency === undefined
        ? (base?.latency ?? 0)
        : quantityAt(document, `${at}/latency`, link.latency, 'time', false),
    provenance: base?.provenance ?? 'datasheet',
  };
}

function measuredFrom(
  document: Document,
  measured: NonNullable<ClusterDocument['measured']>,
  nodes: number,
): MeasuredLinks {
  const table = (key: 'bandwidth' | 'latency', dimension: 'bandwidth' | 'time') => {
    const rows = measured[key];
    if (rows === undefined) return null;
    if (rows.length !== nodes || rows.some((row) => row.length !== nodes)) {
      throw new InputError({
        message: `measured ${key} is ${rows.length} × ${rows[0]?.length}`,
        expected: `${nodes} × ${nodes}, a row and a column for each node`,
        at: document.locate(`/measured/${key}`),
      });
    }
    return rows.map((row, i) =>
      row.map((cell, j) => {
        if (i === j) return key === 'bandwidth' ? Number.POSITIVE_INFINITY : 0;
        const pointer = `/measured/${key}/${i}/${j}`;
        if (typeof cell === 'string')
          return quantityAt(
            document,
            pointer,
            cell,
            dimension,
            key === 'bandwidth',
            `measured ${key} from node ${i} to node ${j}`,
          );
        throw new InputError({
          message: `measured ${key} from node ${i} to node ${j} is ${String(cell)}`,
          expected: key === 'bandwidth' ? '"23 GB/s"' : '"12 us"',
          at: document.locate(pointer),
        });
      }),
    );
  };
  return { bandwidth: table('bandwidth', 'bandwidth')!, latency: table('latency', 'time') };
}
