import { gpuIdOf, inSlot } from '../catalogue/gpu-names.ts';
import { listGpus, loadGpu } from '../catalogue/gpus.ts';
import { loadLink } from '../catalogue/links.ts';
import { usualCards, usualIntraNode } from '../catalogue/usual-host.ts';
import type { Cluster } from '../domain/cluster.ts';
import type { GpuSpec } from '../domain/gpu.ts';
import type { HostFacts } from '../domain/host.ts';
import type { LinkSpec } from '../domain/link.ts';
import type { Row } from './row.ts';

const FABRIC: Readonly<Record<string, string>> = {
  infiniband: 'ib-ndr400',
  roce: 'roce-400',
  'omni-path': 'omni-path-100',
  slingshot: 'slingshot-11',
  ethernet: 'eth-100',
};

/** By id of the catalogue, or as a tool or a publication calls it. */
function gpuOf(name: string): GpuSpec {
  return loadGpu(listGpus().includes(name) ? name : (gpuIdOf(name, null) ?? name));
}

/** Memory of a host that a row does not state, and that is not held against it. Bytes. */
const HOST_ENOUGH = 2 ** 43;

/** The hosts that a row names, all alike. */
export function clusterOf({ hardware: h, config }: Row, assumptions: string[]): Cluster {
  const stock = gpuOf(h.gpu);
  const gpu = h.gpuMemoryGiB ? { ...stock, memoryBytes: h.gpuMemoryGiB * 2 ** 30 } : stock;
  const gpusPerNode = Math.min(h.gpus, h.gpusPerNode ?? 8);
  const pcie = /pcie/i.test(h.intraNode ?? '') && !/(?<!no )nvlink/i.test(h.intraNode ?? '');
  const intraNode = busOf(h.intraNode ?? '', gpu, pcie, assumptions);
  const nodes = Math.ceil(h.gpus / gpusPerNode);
  const stated = h.interNode?.gbpsPerGpu;
  const usual = loadLink(gpu.host.network.link);
  const { fabric } = h.interNode ?? {};
  const plain = (usual.bandwidth * usualCards(gpu.id, gpusPerNode, usual.id)) / gpusPerNode;
  const perGpu = isRdma(fabric) && usual.layer === 'tcp' ? Math.max(plain, RDMA_PER_GPU) : plain;
  if (!stated && nodes > 1) assumptions.push(`network ${(perGpu * 8) / 1e9} Gb/s per GPU`);
  const base = fabric === 'efa' ? (gpu.host.network.efa ?? 'efa-p5') : (FABRIC[fabric ?? ''] ?? usual.id);
  const cards = h.interNode?.cardsPerNode ?? gpusPerNode;
  const perCard = ((stated ? (stated * 1e9) / 8 : perGpu) * gpusPerNode) / cards;
  const nic: LinkSpec = { ...loadLink(base), bandwidth: perCard };
  return {
    name: 'published',
    links: [],
    assumptions: [],
    groups: [
      {
        id: 'all',
        index: 0,
        gpu,
        nodes,
        gpusPerNode,
        firstDevice: 0,
        fastDomainGpus: segment(Math.min(h.gpus, h.fastDomainGpus ?? gpusPerNode), gpusPerNode, nodes),
        intraNode,
        nic: {
          link: nic,
          sockets: nic,
          perNode: cards,
          measured: null,
          devices: [],
          interface: null,
          fabric: null,
        },
        hosts: [],
        ...hostFacts(h.host ?? {}, Boolean(config.offload)),
        powerCapWatts: h.powerCapWatts ?? null,
        site: 'here',
        dollarsPerGpuHour: null,
        provenance: 'measured',
      },
    ],
  };
}

/** What joins the GPUs of a host: of a bus the generation and the lanes that a row states, or the words that it has for them. */
function busOf(words: string, gpu: GpuSpec, pcie: boolean, assumptions: string[]): LinkSpec {
  const older = pcie && /older board/i.test(words);
  const generation = /pcie\s*(?:gen\s*)?([3-5])/i.exec(words)?.[1] ?? (older ? '3' : null);
  const link = loadLink(
    usualIntraNode(gpu.id, pcie || inSlot(gpu.product.form), generation === null ? null : Number(generation)),
  );
  const slow = pcie && /slow lanes/i.test(words);
  if (slow) assumptions.push('PCIe 3.0 of eight lanes, for an older board with slow ones');
  const lanes = Number(/\bx(4|8|16)\b/.exec(words)?.[1] ?? (slow ? 8 : 16));
  return pcie && lanes < 16 ? { ...link, bandwidth: (link.bandwidth * lanes) / 16 } : link;
}

function hostFacts(stated: NonNullable<Row['hardware']['host']>, used: boolean): { host?: HostFacts } {
  const host = hostOf(stated);
  if (used) return { host: { memoryBytes: HOST_ENOUGH, ...host } };
  return Object.keys(host).length > 0 ? { host } : {};
}

/**
 * Bytes/s a GPU of cards that a row calls RDMA and says no more of, on hosts that come without: one card of 200 Gb/s for two GPUs
 * (NVIDIA's reference configurations of servers with PCIe cards, 2-4-3 and 2-8-5).
 */
const RDMA_PER_GPU = 12.5e9;

function isRdma(fabric: string | null | undefined): boolean {
  return fabric === 'roce' || fabric === 'infiniband';
}

/** GPUs of a rack that a run has: as many hosts of each rack it is on, as Slurm's --segment hands them out (16 of an NVL72's 18 to 64). */
function segment(domain: number, gpusPerNode: number, nodes: number): number {
  let hosts = Math.max(1, Math.floor(domain / gpusPerNode));
  while (nodes % hosts !== 0) hosts--;
  return Math.max(hosts * gpusPerNode, Math.min(domain, gpusPerNode));
}

/** What a row says of its hosts; a bus is told by its wire rate. */
function hostOf(host: NonNullable<Row['hardware']['host']>): HostFacts {
  const { memoryGiB, dramGBps, pcieGBpsPerGpu, gpusPerLink, cpu, coresBound } = host;
  return {
    ...(memoryGiB ? { memoryBytes: memoryGiB * 2 ** 30 } : {}),
    ...(dramGBps ? { memoryBandwidth: dramGBps * 1e9 } : {}),
    ...(pcieGBpsPerGpu ? { pcieBandwidth: pcieGBpsPerGpu * 1e9 } : {}),
    ...(gpusPerLink ? { gpusPerLink } : {}),
    ...(cpu ? { cpu } : {}),
    ...(coresBound ? { coresBound } : {}),
  };
}
