/** Where a fact was read. */
export interface Where {
  readonly file: string;
  readonly line: number;
}

/** `file:line` of a fact. */
export function at({ where }: { readonly where: Where }): string {
  return `${where.file}:${where.line}`;
}

/** GPUs of one type on some hosts, as a source names them. */
export interface HostFact {
  /** Host names; empty where the source has none. */
  readonly hosts: readonly string[];
  /** Hosts, when they have no names. */
  readonly count: number;
  /** The source says how many there are; otherwise it sees one host. */
  readonly counted?: true;
  /** Null where the source only counts GPUs. */
  readonly gpuName: string | null;
  /** As the driver reports it. */
  readonly memoryMiB: number | null;
  readonly gpusPerHost: number;
  readonly pcieGeneration: number | null;
  /** Words about the host, such as Slurm features. */
  readonly features: readonly string[];
  /** Of a host without a name that has GPUs of several kinds: which host, and where these stand among its GPUs. */
  readonly among?: { readonly host: string; readonly gpus: number; readonly places: readonly number[] };
  /** The source shows the GPUs that it used: the host may have more. */
  readonly atLeast?: true;
  /** The tool that saw it, as formats call it: what one host shows to two tools is one host. */
  readonly tool?: string;
  readonly where: Where;
}

/** What the network ports of one host are alike in. */
export interface PortFact {
  /** Host that has them; null: the host that the tool ran on. */
  readonly host: string | null;
  readonly layer: 'infiniband' | 'ethernet' | 'efa';
  /** Bytes/s of one port; null: not said. */
  readonly rate: number | null;
  readonly count: number;
  /** Devices such as mlx5_0; empty where the source does not name them. */
  readonly devices: readonly string[];
  readonly where: Where;
}

/** What two GPUs of one host reach, measured. */
export interface PairFact {
  readonly gpuName: string | null;
  readonly gpus: number;
  /** Whether GPUs reach each other without the memory of the host. */
  readonly direct: boolean;
  /** One way, of the slowest pair, bytes/s. */
  readonly bandwidth: number;
  readonly where: Where;
}

/** How the GPUs of one host are joined. */
export interface TopologyFact {
  readonly vendor: 'nvidia' | 'amd';
  readonly gpus: number;
  /** NVLinks of the best-joined pair (0: none). */
  readonly nvlinks: number;
  /** NVLinks of one GPU to all others; behind a switch each pair shows all of them. */
  readonly nvlinksPerGpu: number;
  /** What NVLink or XGMI joins: no GPUs, pairs, islands, all over several hops, or every pair. */
  readonly mesh: 'none' | 'pairs' | 'islands' | 'partial' | 'complete';
  /** links[a][b]: how many join a and b. */
  readonly links: readonly (readonly number[])[];
  /** Cards; ports of one card count as one. */
  readonly nics: number;
  /** Devices such as mlx5_0 or rdmap79s0, one of a card, where the source names them. */
  readonly nicNames: readonly string[];
  /** Ports of each card. */
  readonly portsPerCard: number;
  /** The cards counted share a PCIe switch with a GPU; otherwise all cards are counted. */
  readonly nicsNear: boolean;
  readonly where: Where;
}

/** t(n) = latency + n / bandwidth. Seconds, bytes/s. */
export interface FittedLine {
  readonly latency: number;
  readonly bandwidth: number;
}

/** How long one measured test took by size: t(n) = min over lines. */
export interface CurveFact {
  /** As its tool calls it: all_reduce, sendrecv, OSU MPI Bandwidth. */
  readonly test: string;
  readonly ranks: number;
  /** Hosts that the ranks ran on; 0: not said. */
  readonly hosts: number;
  readonly hostNames: readonly string[];
  /** GPU that ran it, if said. */
  readonly gpuName: string | null;
  /** Latency 0: not measured. */
  readonly lines: readonly FittedLine[];
  /** Largest size measured, bytes. */
  readonly largest: number;
  /** The highest rate of all sizes as measured, bytes/s. */
  readonly peak: number;
  /** Why it may not stand for a link; null: nothing speaks against it. */
  readonly unfit: string | null;
  readonly where: Where;
}

/** Host-to-host bandwidth as measured, row sends to column, bytes/s of all flows of a pair together. */
export interface MatrixFact {
  readonly hosts: readonly string[];
  readonly bandwidth: readonly (readonly number[])[];
  /** Processes that send at a time from the row's host to the column's. */
  readonly flows: readonly (readonly number[])[];
  readonly where: Where;
}

/** What one file says. */
export interface Facts {
  readonly format: string;
  readonly hosts: readonly HostFact[];
  /** Hosts that run no jobs, whatever another file says of them. */
  readonly unusable: readonly string[];
  readonly topologies: readonly TopologyFact[];
  readonly ports: readonly PortFact[];
  readonly pairs: readonly PairFact[];
  readonly curves: readonly CurveFact[];
  readonly matrix: MatrixFact | null;
  /** What was measured and has no place in a cluster file: for comments. */
  readonly measured: readonly string[];
  readonly notes: readonly string[];
}

/** A tool's output that can be read. Pure: text in, facts out; throws InputError with the line. */
export interface Importer {
  readonly format: string;
  /** Whether a text looks like this tool's. */
  recognises(text: string): boolean;
  read(text: string, file: string): Facts;
}

export function nothing(format: string): Facts {
  return {
    format,
    hosts: [],
    unusable: [],
    topologies: [],
    ports: [],
    pairs: [],
    curves: [],
    matrix: null,
    measured: [],
    notes: [],
  };
}

export function linesOf(text: string): string[] {
  return text.replace(/^\uFEFF/, '').split(/\r?\n/);
}

/** The least of the figures that are known; null: none is. */
export function least(figures: readonly (number | null)[]): number | null {
  return figures.reduce(
    (low, figure) => (low === null || (figure !== null && figure < low) ? figure : low),
    null,
  );
}
