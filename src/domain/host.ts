/**
 * What a cluster file says of the hosts of a node group; what it leaves out is taken as such hosts are usually built
 * (src/hardware/host.ts). Bytes, and bytes/s.
 */
export interface HostFacts {
  readonly memoryBytes?: number;
  /** Peak of all memory channels of one host. */
  readonly memoryBandwidth?: number;
  /** Wire rate of one GPU's link to its host, one way. */
  readonly pcieBandwidth?: number;
  /** GPUs that share one such link (behind one switch). */
  readonly gpusPerLink?: number;
  /** For people. */
  readonly cpu?: string;
  /** Each process runs on the cores, and in the memory, of its own NUMA domain (numactl, --bind_cores_to_rank). */
  readonly coresBound?: boolean;
  readonly disk?: DiskFacts;
}

/** NVMe drives of one host, all of them together. */
export interface DiskFacts {
  readonly bytes: number;
  readonly readBandwidth: number;
  readonly writeBandwidth: number;
}
