/** Where a fact was read. */
export interface Where {
  readonly file: string;
  readonly line: number;
}

/** GPUs of one type on some hosts, as a source names them. */
export interface HostFact {
  /** Host names; empty where the source has none. */
  readonly hosts: readonly string[];
  /** Hosts, when they have no names. */
  readonly count: number;
  readonly gpuName: string;
  readonly memoryMiB: number | null;
  readonly gpusPerHost: number;
  readonly pcieGeneration: number | null;
  /** Words about the host, such as Slurm features. */
  readonly features: readonly string[];
  readonly where: Where;
}

/** How the GPUs of one host are joined. */
export interface TopologyFact {
  readonly gpus: number;
  /** NVLinks of the best-joined pair (0: none), or XGMI. */
  readonly nvlinks: number;
  readonly xgmi: boolean;
  /** Every pair is joined by NVLink or XGMI. */
  readonly complete: boolean;
  readonly nics: number;
  readonly where: Where;
}

/** t(n) = latency + n / bandwidth, fitted on the sizes of one measured test. Seconds, bytes/s. */
export interface CurveFact {
  readonly test: string;
  readonly ranks: number;
  /** GPU that ran it, if said. */
  readonly gpuName: string | null;
  readonly hosts: number;
  readonly latency: number;
  readonly bandwidth: number;
  readonly where: Where;
}

/** Node-to-node bandwidth, row sends to column, bytes/s. */
export interface MatrixFact {
  readonly hosts: readonly string[];
  readonly bandwidth: readonly (readonly number[])[];
  readonly where: Where;
}

/** What one file says. */
export interface Facts {
  readonly format: string;
  readonly hosts: readonly HostFact[];
  readonly topologies: readonly TopologyFact[];
  readonly curves: readonly CurveFact[];
  readonly matrix: MatrixFact | null;
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
  return { format, hosts: [], topologies: [], curves: [], matrix: null, notes: [] };
}

export function linesOf(text: string): string[] {
  return text.replace(/^\uFEFF/, '').split(/\r?\n/);
}
