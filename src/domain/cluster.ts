import type { GpuSpec } from './gpu.ts';
import type { HostFacts } from './host.ts';
import type { LinkLayer, LinkSpec } from './link.ts';
import type { Provenance } from './provenance.ts';
import type { SbatchOptions } from './sbatch.ts';

/**
 * Groups of identical nodes, joined by links that need not be alike. Devices are numbered group by group, node by
 * node, GPU by GPU: device = group.firstDevice + node · gpusPerNode + local rank.
 */
export interface Cluster {
  readonly name: string;
  readonly groups: readonly NodeGroup[];
  /** Links that override the default between two groups (or between the nodes of one group, from = to). */
  readonly links: readonly GroupLink[];
  readonly measured?: MeasuredLinks;
  /** What a job for Slurm asks for, whatever the groups it runs on. */
  readonly slurm?: SbatchOptions;
  /** What the file did not state and we filled in: for people. */
  readonly assumptions: readonly string[];
}

/** GPUs that are bought, and what their site adds to them. */
export interface Ownership {
  /** US dollars for one GPU, with its share of host and network. */
  readonly dollarsPerGpu: number;
  /** Over which that is written off. */
  readonly years: number;
  /** Share of their hours in which the GPUs work for somebody. */
  readonly used: number;
  readonly dollarsPerKwh: number;
  /** Power of hosts over that of their GPUs, and of the site over that of its machines; left out: as usual. */
  readonly hostShare?: number;
  readonly pue?: number;
}

export interface NodeGroup {
  readonly id: string;
  readonly index: number;
  readonly gpu: GpuSpec;
  readonly nodes: number;
  readonly gpusPerNode: number;
  readonly firstDevice: number;
  /** GPUs in one fast (scale-up) domain; gpusPerNode usually, 72 in an NVL72 rack whose "node" is a tray. */
  readonly fastDomainGpus: number;
  readonly intraNode: LinkSpec;
  readonly nic: NicSpec;
  /** Host names in rank order, one per node. */
  readonly hosts: readonly string[];
  /** The file names no hosts: these stand in for them. */
  readonly hostsMadeUp?: true;
  /** Left out: its hosts have no GPUs of other groups. */
  readonly shared?: SharedHosts;
  /** What the file says of its hosts' memory, bus and CPU; left out: nothing. */
  readonly host?: HostFacts;
  /** Seconds of its kernels over what they are estimated at, as the user's own runs have it; left out: 1. */
  readonly kernelTimes?: number;
  /** Cap on GPU power if lower than the stock limit. */
  readonly powerCapWatts: number | null;
  /** Where its nodes stand; null: not stated. The way between two sites is a link of its own. */
  readonly site: string | null;
  readonly dollarsPerGpuHour: number | null;
  /** Its GPUs are owned, on these terms; left out: they are rented, or nobody says. */
  readonly owned?: Ownership;
  /** What its nodes are asked of Slurm with, over what the cluster says. */
  readonly slurm?: SbatchOptions;
  /** Labels that only its nodes have in Kubernetes. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly provenance: Provenance;
}

/** Of a group on hosts that have GPUs of other groups too: a host with GPUs of two types stands in two groups. */
export interface SharedHosts {
  /** Local index of the group's first GPU on each host. */
  readonly firstGpus: readonly number[];
  /** GPUs of all groups on a host: the most of any of its hosts. They share its network cards. */
  readonly gpus: number;
  /** What joins its GPUs to those of other groups on the host. */
  readonly bus: LinkSpec;
}

/** What connects a node to the others. */
export interface NicSpec {
  readonly link: LinkSpec;
  /** What one card gives to TCP: `link` itself where it speaks nothing else. */
  readonly sockets: LinkSpec;
  /** Ports of `link` per node. */
  readonly perNode: number;
  /** What transfers through one port reached where it was measured, bytes/s; null: what the link promises. */
  readonly measured: number | null;
  /** Their names on each node (mlx5_0), for launch scripts; empty: not stated. */
  readonly devices: readonly string[];
  /** The IP interface that jobs meet over (eth0), for launch scripts; null: not stated. */
  readonly interface: string | null;
  /** Name of the fabric that the cards stand on; null: not stated, and one for all cards of a layer at a site. */
  readonly fabric: string | null;
  /** The file names none, and its one node needs none: these figures stand in. */
  readonly unstated?: true;
}

/** Bytes/s one way, and seconds. */
export interface GroupLink {
  readonly from: number;
  readonly to: number;
  readonly layer: LinkLayer;
  /** The kind of link that it is; null: the file gives figures only. */
  readonly kind: LinkSpec | null;
  /** By the cluster file, not assumed. */
  readonly stated: boolean;
  /** Bandwidth that all flows between the two groups share; Infinity when only the NICs limit. */
  readonly sharedBandwidth: number;
  /** What one node reaches to nodes of the other group, as stated; Infinity: not stated. */
  readonly bandwidthPerNode: number;
  /** The same by the kind of link: wire rate times efficiency; Infinity: no kind, or stated. */
  readonly nominalPerNode: number;
  /** What one flow reaches alone; Infinity: what the node does. */
  readonly perFlow: number;
  readonly latency: number;
  readonly provenance: Provenance;
}

/** Measured node-to-node figures: row sends to column; bytes/s and seconds. Nodes are numbered over all groups. */
export interface MeasuredLinks {
  readonly bandwidth: readonly (readonly number[])[];
  readonly latency: readonly (readonly number[])[] | null;
  /** What one flow alone reached, where that is less than the node does; null: not measured. */
  readonly perFlow: readonly (readonly number[])[] | null;
}

export function deviceCount(cluster: Cluster): number {
  return cluster.groups.reduce((sum, group) => sum + group.nodes * group.gpusPerNode, 0);
}

/** Of the GPUs of these groups: each vendor has a collective library of its own. */
export function vendorsOf({ groups }: Cluster, indexes: readonly number[]): ReadonlySet<GpuSpec['vendor']> {
  return new Set(indexes.map((index) => groups[index]!.gpu.vendor));
}

export function groupOfDevice(cluster: Cluster, device: number): NodeGroup {
  const group = cluster.groups.findLast((g) => g.firstDevice <= device);
  if (group === undefined) throw new RangeError(`device ${device} is not in cluster ${cluster.name}`);
  return group;
}
