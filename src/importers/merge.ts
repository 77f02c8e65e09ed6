import { InputError } from '../domain/input-error.ts';
import type { CurveFact, Facts, HostFact, TopologyFact } from './facts.ts';
import { gpuIdOf } from './gpu-names.ts';
import { intraNodeOf, portOf, usualCards } from './usual-links.ts';

/** A node group as it will be written, each figure with where it is from. */
export interface Draft {
  readonly name: string;
  readonly groups: readonly DraftGroup[];
  readonly matrix: Facts['matrix'];
  /** What was measured and has no place of its own in a cluster file: kept as comments. */
  readonly measured: readonly string[];
  /** What no source said. */
  readonly unknown: readonly string[];
  readonly notes: readonly string[];
}

export interface DraftGroup {
  readonly id: string;
  readonly gpu: string;
  readonly gpuFrom: string;
  readonly hosts: readonly string[];
  readonly nodes: number;
  readonly gpusPerNode: number;
  readonly intraNode: string;
  readonly intraNodeFrom: string;
  readonly nic: {
    readonly link: string;
    readonly perNode: number;
    readonly bandwidth: number | null;
    readonly from: string;
  };
}

/** What the catalogue knows of a GPU: its usual link inside a node. */
export interface KnownGpus {
  readonly ids: readonly string[];
  readonly nearest: (name: string) => string | undefined;
}

/** Joins what all files say into node groups. Sources that contradict each other are an error that names both. */
export function merged(all: readonly Facts[], gpus: KnownGpus, name: string): Draft {
  const unknown: string[] = [];
  const notes = all.flatMap((one) => one.notes);
  const topology = onlyOne(all.flatMap((one) => one.topologies));
  const curves = all.flatMap((one) => one.curves);
  const named = all.flatMap((one) => one.hosts.filter(({ hosts }) => hosts.length > 0));
  const nameless = all.flatMap((one) => one.hosts.filter(({ hosts }) => hosts.length === 0));
  const inventory = named.length > 0 ? named : nameless;
  if (inventory.length === 0) {
    throw new InputError({
      message: 'none of the files says which GPUs there are',
      expected:
        'nvidia-smi --query-gpu, scontrol show nodes, sinfo, cluster_info.json or machine_amounts.json among them',
    });
  }
  if (
    named.length === 0 &&
    nameless.length > 0 &&
    all.every((one) => one.format !== 'HexiScale machine_amounts.json')
  )
    unknown.push('host names and how many hosts there are: one is assumed');
  const kinds = grouped(inventory);
  const groups = kinds.map((fact): DraftGroup => {
    const gpu = resolved(fact, named.length > 0 ? nameless : [], gpus);
    const rate = networkRate(curves, kinds.length === 1 ? null : gpu.id);
    const generation = fact.pcieGeneration ?? 0;
    const intra = intraNodeOf(gpu.id, fact, topology, generation);
    if (intra.from === null)
      unknown.push(`how the GPUs of ${fact.gpuName} hosts are joined: ${intra.link} assumed`);
    const nics = topology !== null && topology.gpus === fact.gpusPerHost ? topology.nics : 0;
    const port = portOf(fact, gpu.id);
    if (port.from === null) unknown.push(`the network of ${fact.gpuName} hosts: ${port.link} assumed`);
    if (nics === 0)
      unknown.push(
        `network cards of a ${fact.gpuName} host: ${usualCards(gpu.id, fact.gpusPerHost)} assumed`,
      );
    return {
      id: gpu.id.replace(/[^A-Za-z0-9._-]/g, '-'),
      gpu: gpu.id,
      gpuFrom: gpu.from,
      hosts: fact.hosts,
      nodes: fact.count,
      gpusPerNode: fact.gpusPerHost,
      intraNode: intra.link,
      intraNodeFrom: intra.from ?? 'assumed',
      nic: {
        link: port.link,
        perNode: nics > 0 ? nics : usualCards(gpu.id, fact.gpusPerHost),
        bandwidth: rate?.bandwidth ?? null,
        from: rate === null ? (port.from ?? 'assumed') : `${rate.test}, ${at(rate)}`,
      },
    };
  });
  const matrix = all.map((one) => one.matrix).find((one) => one !== null) ?? null;
  return {
    name,
    groups: uniqueIds(groups),
    matrix: matrix === null ? null : orderedMatrix(matrix, groups),
    measured: curves.map(curveWords),
    unknown,
    notes,
  };
}

function at({ where }: { readonly where: { readonly file: string; readonly line: number } }): string {
  return `${where.file}:${where.line}`;
}

function onlyOne(topologies: readonly TopologyFact[]): TopologyFact | null {
  const [first, ...rest] = topologies;
  const other = rest.find(
    (one) => one.gpus !== first!.gpus || one.nvlinks !== first!.nvlinks || one.xgmi !== first!.xgmi,
  );
  if (first !== undefined && other !== undefined) {
    throw new InputError({
      message: `${at(first)} and ${at(other)} show hosts that are not alike`,
      expected: 'topologies of like hosts in one import',
      hint: 'Maybe import each kind of host by itself and join the groups by hand.',
    });
  }
  return first ?? null;
}

/** Hosts alike in GPU type and count are one group; a host with two types stands in two. */
function grouped(facts: readonly HostFact[]): HostFact[] {
  const groups = new Map<string, HostFact>();
  for (const fact of facts) {
    const key = `${fact.gpuName.toLowerCase()}/${fact.gpusPerHost}/${fact.features.join()}`;
    const known = groups.get(key);
    groups.set(
      key,
      known === undefined
        ? fact
        : { ...known, hosts: [...known.hosts, ...fact.hosts], count: known.count + fact.count },
    );
  }
  return [...groups.values()];
}

/** The catalogue's GPU; an exact product name of nvidia-smi wins over a family name of Slurm. */
function resolved(fact: HostFact, exact: readonly HostFact[], gpus: KnownGpus): { id: string; from: string } {
  const id = gpuIdOf(fact.gpuName, fact.memoryMiB);
  if (id === null || !gpus.ids.includes(id)) {
    const near = gpus.nearest(fact.gpuName.toLowerCase());
    throw new InputError({
      message: `no GPU of the catalogue is called "${fact.gpuName}"`,
      expected: `one of ${gpus.ids.join(', ')}`,
      hint: `Maybe ${near === undefined ? '' : `"${near}", or `}a YAML file for it in hardware-profiles/gpus.`,
      at: fact.where,
    });
  }
  const same = exact.find((other) => {
    const other_ = gpuIdOf(other.gpuName, other.memoryMiB);
    return other_ !== null && other_.split('-')[0] === id.split('-')[0];
  });
  if (same === undefined) return { id, from: `"${fact.gpuName}", ${at(fact)}` };
  return { id: gpuIdOf(same.gpuName, same.memoryMiB)!, from: `"${same.gpuName}", ${at(same)}` };
}

/** What one pair of GPUs on two hosts measured: the rate of one port. With several kinds of hosts, of that GPU only. */
function networkRate(curves: readonly CurveFact[], gpu: string | null): CurveFact | null {
  const between = curves.filter(
    (one) =>
      one.hosts === 2 &&
      one.ranks === 2 &&
      Number.isFinite(one.bandwidth) &&
      /sendrecv|osu_bw/.test(one.test) &&
      (gpu === null || (one.gpuName !== null && gpuIdOf(one.gpuName, null) === gpu)),
  );
  return between.reduce<CurveFact | null>(
    (best, one) => (best === null || one.bandwidth > best.bandwidth ? one : best),
    null,
  );
}

function curveWords(curve: CurveFact): string {
  const rate = Number.isFinite(curve.bandwidth)
    ? ` + bytes / ${(curve.bandwidth / 1e9).toPrecision(4)} GB/s`
    : '';
  return `${curve.test} on ${curve.ranks} ranks of ${curve.hosts} host${curve.hosts === 1 ? '' : 's'}: ${(curve.latency * 1e6).toPrecision(3)} us${rate} (${at(curve)})`;
}

/** The matrix in the order of the groups' hosts; every host must be in it. */
function orderedMatrix(
  matrix: NonNullable<Facts['matrix']>,
  groups: readonly DraftGroup[],
): NonNullable<Facts['matrix']> {
  const hosts = groups.flatMap((group) => group.hosts);
  const index = hosts.map((host) => matrix.hosts.indexOf(host));
  const missing = hosts.find((_, i) => index[i]! < 0);
  const extra = matrix.hosts.find((host) => !hosts.includes(host));
  if (hosts.length === 0 || missing !== undefined || extra !== undefined) {
    throw new InputError({
      message: `the matrix is of ${matrix.hosts.join(', ')}${missing === undefined ? '' : `, without ${missing}`}`,
      expected: `exactly the hosts ${hosts.length === 0 ? 'that another file names' : hosts.join(', ')}`,
      at: matrix.where,
    });
  }
  return { ...matrix, hosts, bandwidth: index.map((i) => index.map((j) => matrix.bandwidth[i]![j]!)) };
}

function uniqueIds(groups: readonly DraftGroup[]): DraftGroup[] {
  const seen = new Map<string, number>();
  return groups.map((group) => {
    const n = (seen.get(group.id) ?? 0) + 1;
    seen.set(group.id, n);
    return n === 1 ? group : { ...group, id: `${group.id}-${n}` };
  });
}
