import type { NodeGroup } from '../domain/cluster.ts';
import type { DiskFacts, HostFacts } from '../domain/host.ts';
import { gpusOnHosts } from '../domain/hosts.ts';
import { formatBandwidth, formatBytes } from '../units/format.ts';
import { rememberedOf } from '../units/remembered.ts';
import type { Coefficients } from './coefficients.ts';

/** One host of a node group, all figures filled in. Bytes, and bytes/s one way. */
export interface Host extends Required<Omit<HostFacts, 'cpu' | 'disk'>> {
  /** GPUs of all groups. */
  readonly gpus: number;
  readonly disk: DiskFacts;
  /** What the file does not say, in words, by what it is for. */
  readonly assumed: Readonly<Record<'memory' | 'transfers' | 'disk', readonly string[]>>;
}

const GB = 1e9;

/**
 * Hosts as they are usually built, by generation of their bus: PCIe x16 one way; memory channels of one socket (6 × DDR4-2666,
 * 8 × DDR4-3200, 8 × DDR5-4800), two sockets from four GPUs on.
 */
const USUAL = {
  3: { pcie: 16 * GB, socket: 128 * GB },
  4: { pcie: 32 * GB, socket: 204.8 * GB },
  5: { pcie: 64 * GB, socket: 307.2 * GB },
} as const;

/** Memory a GPU: of hosts with cards in slots, and of boards with a switch (DGX A100 1 TiB, DGX H100 2 TiB for eight). */
const USUAL_MEMORY = { slot: 64 * 2 ** 30, 4: 128 * 2 ** 30, 5: 256 * 2 ** 30 } as const;

/** One drive: 3.84 TB, PCIe 4.0 x4, mixed reads and writes. */
const USUAL_DISK: DiskFacts = { bytes: 3.84e12, readBandwidth: 6.5 * GB, writeBandwidth: 3.5 * GB };

const known = new WeakMap<NodeGroup, Host>();

export function hostOf(group: NodeGroup): Host {
  return rememberedOf(known, group, () => filledIn(group));
}

function filledIn(group: NodeGroup): Host {
  const { host: facts = {}, gpu } = group;
  const gpus = gpusOnHosts(group);
  const generation = Math.min(5, Math.max(3, gpu.host.pcie)) as keyof typeof USUAL;
  const board = gpu.host.scaleUp?.usual === true;
  const each = board && generation > 3 ? USUAL_MEMORY[generation as 4 | 5] : USUAL_MEMORY.slot;
  const memoryBytes = facts.memoryBytes ?? gpus * each;
  const memoryBandwidth = facts.memoryBandwidth ?? USUAL[generation].socket * (gpus < 4 ? 1 : 2);
  const pcieBandwidth = facts.pcieBandwidth ?? USUAL[generation].pcie;
  const disk = facts.disk ?? USUAL_DISK;
  const of = (fact: unknown, words: string) => (fact === undefined ? [`${group.id}: ${words}`] : []);
  return {
    memoryBytes,
    memoryBandwidth,
    pcieBandwidth,
    gpusPerLink: facts.gpusPerLink ?? 1,
    coresBound: facts.coresBound ?? false,
    gpus,
    disk,
    assumed: {
      memory: of(facts.memoryBytes, `${formatBytes(memoryBytes)} of memory a host, as such hosts have`),
      transfers: [
        ...of(
          facts.memoryBandwidth,
          `host memory at ${formatBandwidth(memoryBandwidth)}, as such hosts have`,
        ),
        ...of(
          facts.pcieBandwidth,
          `PCIe at ${formatBandwidth(pcieBandwidth)} a GPU one way, as such hosts have`,
        ),
      ],
      disk: of(facts.disk, `one NVMe drive a host, ${formatBytes(disk.bytes)}`),
    },
  };
}

/** What one GPU reaches to its host or back while all GPUs of the host do, bytes/s. */
export function copyRate(host: Host, c: Coefficients): number {
  return Math.min(linkRate(host, c), (host.memoryBandwidth * c.hostCopyShare) / host.gpus);
}

/** The same beside the kernels of backward. */
export function drainRate(host: Host, c: Coefficients): number {
  return (copyRate(host, c) * c.drainEfficiency) / c.pcieEfficiency;
}

/** Seconds for so many bytes to one GPU and as many back, side by side on the bus and both through the host's memory. */
export function exchangeSeconds(host: Host, bytes: number, c: Coefficients): number {
  const memory = (host.memoryBandwidth * c.hostCopyShare) / host.gpus;
  return Math.max(bytes / linkRate(host, c), (2 * bytes) / memory);
}

function linkRate({ pcieBandwidth, gpusPerLink, gpus }: Host, c: Coefficients): number {
  return (pcieBandwidth * c.pcieEfficiency) / Math.min(gpusPerLink, gpus);
}

/** What one process's optimizer moves in host memory while those of so many GPUs of the host do, bytes/s. */
export function updateRate(host: Host, c: Coefficients, gpus = host.gpus): number {
  const bound = host.coresBound ? c.cpuUpdateBound : 1;
  return host.memoryBandwidth * bound * Math.min(c.cpuUpdateAlone, c.cpuUpdateShare / gpus);
}

/** Seconds for bytes to one GPU and others back, side by side on the bus, while so many GPUs of the host do as much. */
export function copySeconds(
  host: Host,
  { up, down }: { readonly up: number; readonly down: number },
  gpus: number,
  c: Coefficients,
): number {
  const memory = (host.memoryBandwidth * c.hostCopyShare) / gpus;
  return Math.max(up / linkRate(host, c), down / linkRate(host, c), (up + down) / memory);
}
