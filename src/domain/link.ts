import type { GpuSpec } from './gpu.ts';
import type { Provenance } from './provenance.ts';

export const COLLECTIVES = ['allReduce', 'allGather', 'reduceScatter', 'allToAll'] as const;
export type Collective = (typeof COLLECTIVES)[number];

/**
 * How GPUs that share a link share its bandwidth:
 * `switch` all pairs at full rate; `mesh` each pair owns 1/(domain-1) of it; `host` every flow is staged through host
 * memory, so the total is fixed; `network` a NIC per GPU or per node behind a switched fabric.
 */
export const LINK_TOPOLOGIES = ['switch', 'mesh', 'host', 'network'] as const;
type LinkTopology = (typeof LINK_TOPOLOGIES)[number];

/** What a network card speaks. Cards of unlike layers never join one RDMA connection; `tcp` has no RDMA. */
export const LINK_LAYERS = ['infiniband', 'roce', 'efa', 'slingshot', 'omni-path', 'tcp'] as const;
export type LinkLayer = (typeof LINK_LAYERS)[number];

/** For people. */
export const LAYER_NAMES: Readonly<Record<LinkLayer, string>> = {
  infiniband: 'InfiniBand',
  roce: 'RoCE',
  efa: 'EFA',
  slingshot: 'Slingshot',
  'omni-path': 'Omni-Path',
  tcp: 'Ethernet',
};

/** A measurement this far above a wire's rate is not one of that wire. */
export const ABOVE_WIRE = 1.1;

/** A kind of link. Bandwidths are bytes/s one way; latencies seconds. */
export interface LinkSpec {
  readonly id: string;
  readonly name: string;
  /** Words of tools, features and people, without spaces or units; kinds of link may share them. */
  readonly names: readonly string[];
  /** How names of its devices begin, where they tell. */
  readonly devices: readonly string[];
  readonly topology: LinkTopology;
  /** Joins GPUs of one maker that have it (NVLink, xGMI); null: any. */
  readonly vendor: GpuSpec['vendor'] | null;
  /** Of a network; null inside a node. */
  readonly layer: LinkLayer | null;
  /** Wire rate of one GPU's (intra-node) or one port's (network) link, one way. */
  readonly bandwidth: number;
  /** Fraction of wire rate that large point-to-point and ring transfers reach. */
  readonly efficiency: number;
  /** What one flow reaches alone, where it is less than a port gives (a TCP stream); null: no less. */
  readonly perFlow: number | null;
  /** Bytes that lie on the way, in the buffers of GPU, host and card, while a transfer runs: each transfer fills them first; 0: none. */
  readonly fill: number;
  /** What messages reach that outgrow the buffers on their way: from `from` bytes on less, `efficiency` at four times that. */
  readonly largeMessages: { readonly from: number; readonly efficiency: number } | null;
  /** One hop, small message. */
  readonly latency: number;
  /** Extra latency of a collective for each doubling of the node count (tree) and for each further node (ring). */
  readonly latencyPerDoubling: number;
  readonly latencyPerNode: number;
  /** In-switch reduction: from how many GPUs on, and the all-reduce bus bandwidth it reaches. null without. */
  readonly inSwitchReduction: { readonly minGpus: number; readonly busBandwidth: number } | null;
  /** Measured curves, nccl-tests conventions: time = min over lines of latency + bytes/bandwidth, by group size. */
  readonly collectives: readonly CollectiveCurve[];
  /** Ports of a node where the kind of link says so (an instance type of a cloud); null: it does not. */
  readonly portsPerNode: number | null;
  /** What NCCL or RCCL must be told to use the link: variables of a launch script. */
  readonly environment: Readonly<Record<string, string>>;
  readonly provenance: Provenance;
}

/** What large transfers are promised, bytes/s one way. */
export function promisedBandwidth({ bandwidth, efficiency }: LinkSpec): number {
  return bandwidth * efficiency;
}

export interface CollectiveCurve {
  readonly collective: Collective;
  readonly gpus: number;
  /** On GPUs of the cluster itself: taken as it is. */
  readonly here?: true;
  readonly lines: readonly { readonly latency: number; readonly bandwidth: number }[];
}
