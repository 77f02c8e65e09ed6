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
  readonly nics: number;
  /** Devices such as mlx5_0; empty where the source does not name them or none is near a GPU. */
  readonly nicNames: readonly string[];
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
