import { productOf, sameFamily } from '../../catalogue/gpu-names.ts';
import { loadGpu } from '../../catalogue/gpus.ts';
import { busOf } from '../../catalogue/usual-host.ts';
import { at, least, type PairFact, type PortFact } from '../facts/facts.ts';
import type { LikeHosts } from './host-index.ts';
import type { KnownGpus } from './identified.ts';
import type { Island } from './islands.ts';
import { type Cards, cardsOf } from './ports.ts';
import { intraNodeOf } from './usual-links.ts';

/** Like hosts, each figure with where it is from. */
export interface InventoryGroup {
  readonly id: string;
  readonly gpu: string;
  readonly gpuFrom: string;
  readonly hosts: readonly string[];
  readonly nodes: number;
  readonly gpusPerNode: number;
  readonly gpusPerNodeFrom: string;
  /** Where hosts and counts are from. */
  readonly hostsFrom: string;
  readonly intraNode: string;
  readonly intraNodeFrom: string;
  /** What the slowest pair of GPUs reached, bytes/s; null: not measured. */
  readonly intraNodeMeasured: { readonly bandwidth: number; readonly from: string } | null;
  /** What joins its GPUs to others of its hosts, where that is not intraNode; null: it is, or there are none. */
  readonly bus: string | null;
  /** GPUs in one scale-up domain of several hosts, assumed; null: the host. */
  readonly fastDomainGpus: number | null;
  /** Reported memory where it is above the catalogue's: a card of another size; else null. */
  readonly memoryMiB: number | null;
  /** Reported memory where it is below the catalogue's, else null. */
  readonly usableMemoryMiB: number | null;
  readonly nic: Omit<Cards, 'guessed'>;
  /** Its network cards stand in another group of the same hosts. */
  readonly sharesCards: boolean;
  /** What of it is guessed, in words. */
  readonly assumed: readonly string[];
}

/** A group, and what to say about it. */
interface Described {
  readonly group: InventoryGroup;
  readonly notes: readonly string[];
}

/** A driver's figure this far above the catalogue's is of the same memory. */
const SAME_MEMORY = 1.02;

/** Like hosts with the links that a topology shows, or such hosts are sold with. */
export function describedGroup(
  { like, topology, gpusOfHost }: Island,
  gpus: KnownGpus,
  ports: readonly PortFact[],
  pairs: readonly PairFact[],
): Described {
  const { gpu, gpusPerNode, pcie } = gpusOf(like);
  const generation = least(like.sources.map(({ fact }) => fact.pcieGeneration));
  const memory = least(like.sources.map(({ fact }) => fact.memoryMiB));
  const known = gpus.memoryMiB(gpu);
  const pair = pairOf(gpu, pairs);
  const intra = intraNodeOf(gpu, pcie, topology, generation, pair);
  const name = like.sources[0]!.fact.gpuName ?? gpu;
  const { guessed, ...nic } = cardsOf(
    { name, gpu, gpusPerNode: gpusOfHost, generation },
    like.port,
    featureAt(like),
    topology,
    ports,
  );
  const lines = sourcesOf(like.sources.map(({ fact }) => at(fact)));
  const alone = gpusOfHost === gpusPerNode;
  const fastDomainGpus = domainOf(gpu, like.nodes * gpusPerNode);
  const group: InventoryGroup = {
    id: gpu.replace(/[^A-Za-z0-9._-]/g, '-'),
    gpu,
    gpuFrom: sourcesOf(like.sources.flatMap((one) => one.from)),
    hosts: like.hosts,
    nodes: like.nodes,
    gpusPerNode,
    gpusPerNodeFrom: lines,
    hostsFrom: lines,
    intraNode: intra.link,
    intraNodeFrom: intra.from ?? 'assumed',
    intraNodeMeasured: pair === null ? null : { bandwidth: pair.bandwidth, from: at(pair) },
    bus: alone || /^pcie/.test(intra.link) ? null : busOf(gpu, generation),
    fastDomainGpus,
    memoryMiB: memory !== null && memory > known * SAME_MEMORY ? Math.floor(memory) : null,
    usableMemoryMiB: memory !== null && memory < Math.floor(known) ? Math.floor(memory) : null,
    nic,
    sharesCards: false,
    assumed: [
      ...like.sources.flatMap((one) => one.unknown),
      ...guesses(like, name, intra.from === null ? intra.link : null, fastDomainGpus),
      ...guessed,
    ],
  };
  return {
    group,
    notes: [...like.sources.flatMap((one) => one.notes), ...(intra.note === null ? [] : [intra.note])],
  };
}

/** What stands in the group without a source, beside its network. */
function guesses(like: LikeHosts, name: string, link: string | null, domain: number | null): string[] {
  const { gpu, gpusPerNode } = gpusOf(like);
  const beyond = loadGpu(gpu).host.scaleUp?.beyondHost === true;
  return [
    ...(like.open === null ? [] : [`which ${like.open}: ${gpu} assumed`]),
    ...(link === null || gpusPerNode === 1
      ? []
      : [`how the GPUs of ${name} hosts are joined: ${link} assumed`]),
    ...(beyond
      ? [`GPUs in one NVLink domain of ${name} hosts: ${domain ?? gpusPerNode} assumed (fastDomainGpus)`]
      : []),
  ];
}

/** GPUs in one domain of several hosts, where there are as many as whole domains have; null: nothing says so. */
function domainOf(gpu: string, gpus: number): number | null {
  const whole = loadGpu(gpu).host.scaleUp?.domainGpus ?? null;
  return whole !== null && gpus % whole === 0 ? whole : null;
}

/** The measured pair of GPUs that can be of a group. */
function pairOf(gpu: string, pairs: readonly PairFact[]): PairFact | null {
  const alike = pairs.filter(
    ({ gpuName }) =>
      gpuName === null || productOf(gpuName, null)?.ids.some((id) => sameFamily(id, gpu)) === true,
  );
  return alike[0] ?? null;
}

function featureAt({ port: { feature }, sources }: LikeHosts): string | null {
  const source = sources.find(({ fact }) => feature !== null && fact.features.includes(feature));
  return source === undefined ? null : at(source.fact);
}

export function gpusOf({ sources: [best] }: LikeHosts) {
  const { among, gpusPerHost } = best!.fact;
  return {
    gpu: best!.ids[0]!,
    gpusPerNode: gpusPerHost,
    pcie: best!.pcie,
    ...(among === undefined ? {} : { among }),
  };
}

/** Up to three sources, each file once. */
function sourcesOf(all: readonly string[]): string {
  const byFile = new Map(all.toReversed().map((one) => [one.replace(/:\d+$/, ''), one]));
  const list = all.filter((one) => byFile.get(one.replace(/:\d+$/, '')) === one);
  const files = [...new Set(list)];
  return files.length > 3
    ? `${files.slice(0, 3).join('; ')}; and ${files.length - 3} more`
    : files.join('; ');
}
