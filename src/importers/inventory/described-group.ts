import { loadGpu } from '../../catalogue/gpus.ts';
import { usualCards } from '../../catalogue/usual-host.ts';
import { at, least, type TopologyFact } from '../facts/facts.ts';
import type { LikeHosts } from './host-index.ts';
import type { KnownGpus } from './identified.ts';
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
  /** Reported memory where it is below the catalogue's, else null. */
  readonly usableMemoryMiB: number | null;
  readonly nic: {
    readonly link: string;
    readonly from: string;
    readonly perNode: number;
    readonly perNodeFrom: string;
    /** RDMA devices of a host, such as mlx5_0; empty where no source names them. */
    readonly devices: readonly string[];
  };
}

/** A group, and what to say about it. */
interface Described {
  readonly group: InventoryGroup;
  readonly unknown: readonly string[];
  readonly notes: readonly string[];
}

/** Like hosts with the links that a topology shows, or such hosts are sold with. */
export function describedGroup(like: LikeHosts, topology: TopologyFact | null, gpus: KnownGpus): Described {
  const { gpu, gpusPerNode, pcie } = gpusOf(like);
  const generation = least(like.sources.map(({ fact }) => fact.pcieGeneration));
  const memory = least(like.sources.map(({ fact }) => fact.memoryMiB));
  const intra = intraNodeOf(gpu, pcie, topology, generation);
  const nic = nicOf(like, topology);
  const lines = sourcesOf(like.sources.map(({ fact }) => at(fact)));
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
    usableMemoryMiB: memory !== null && memory < Math.floor(gpus.memoryMiB(gpu)) ? Math.floor(memory) : null,
    nic,
  };
  return {
    group,
    unknown: unknownOf(like, group, intra.from === null, topology),
    notes: [...like.sources.flatMap((one) => one.notes), ...(intra.note === null ? [] : [intra.note])],
  };
}

function nicOf(like: LikeHosts, topology: TopologyFact | null): InventoryGroup['nic'] {
  const { gpu, gpusPerNode } = gpusOf(like);
  const { link, feature } = like.port;
  const source = like.sources.find(({ fact }) => feature !== null && fact.features.includes(feature));
  const shown = topology !== null && topology.nics > 0 ? topology : null;
  return {
    link,
    from: source === undefined ? 'assumed' : `feature ${feature}, ${at(source.fact)}`,
    perNode: shown?.nics ?? usualCards(gpu, gpusPerNode, link),
    perNodeFrom: shown === null ? 'assumed' : at(shown),
    devices: shown?.nicNames ?? [],
  };
}

/** What stands in the group without a source. */
function unknownOf(
  like: LikeHosts,
  { gpu, gpusPerNode, intraNode, nic }: InventoryGroup,
  joined: boolean,
  topology: TopologyFact | null,
): string[] {
  const name = like.sources[0]!.fact.gpuName ?? gpu;
  const cards = topology === null ? 0 : topology.nics;
  const lines: readonly (readonly [boolean, string])[] = [
    [like.open !== null, `which ${like.open}: ${gpu} assumed`],
    [joined, `how the GPUs of ${name} hosts are joined: ${intraNode} assumed`],
    [
      loadGpu(gpu).host.scaleUp?.beyondHost === true,
      `GPUs in one NVLink domain of ${name} hosts: ${gpusPerNode} assumed (fastDomainGpus)`,
    ],
    [like.port.feature === null, `the network of ${name} hosts: ${nic.link} assumed`],
    [cards === 0, `network cards of a ${name} host: ${nic.perNode} assumed`],
    [
      cards > 0 && topology?.nicsNear === false,
      `which network cards of a ${name} host serve its GPUs: all ${nic.perNode} of ${nic.perNodeFrom} assumed`,
    ],
  ];
  return [
    ...like.sources.flatMap((one) => one.unknown),
    ...lines.flatMap(([said, line]) => (said ? [line] : [])),
  ];
}

export function gpusOf({ sources: [best] }: LikeHosts) {
  return { gpu: best!.ids[0]!, gpusPerNode: best!.fact.gpusPerHost, pcie: best!.pcie };
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
