import { gpuIdOf } from '../../catalogue/gpu-names.ts';
import { at, type HostFact, least, type Where } from '../facts/facts.ts';

/** One GPU as a tool on its host shows it. */
export interface SeenGpu {
  readonly name: string | null;
  readonly memoryMiB: number | null;
  readonly generation: number | null;
  readonly where: Where;
}

/** GPUs of one host by kind; where there are several kinds, with their places among all. */
export function hostFacts(gpus: readonly SeenGpu[]): HostFact[] {
  const kinds = [...kindsOf(gpus)];
  if (kinds.length < 2) return kinds.map(hostFact);
  const host = at(gpus[0]!);
  return kinds.map((kind) => ({
    ...hostFact(kind),
    among: { host, gpus: gpus.length, places: kind.map((gpu) => gpus.indexOf(gpu)) },
  }));
}

/** GPUs of one product together. */
function kindsOf(gpus: readonly SeenGpu[]): Iterable<readonly [SeenGpu, ...SeenGpu[]]> {
  const kinds = new Map<string, [SeenGpu, ...SeenGpu[]]>();
  for (const gpu of gpus) {
    const key = gpu.name === null ? '' : `${gpu.name}/${gpuIdOf(gpu.name, gpu.memoryMiB)}`;
    const known = kinds.get(key);
    if (known === undefined) kinds.set(key, [gpu]);
    else known.push(gpu);
  }
  return kinds.values();
}

/** Less is a figure that was cut off. */
const LEAST_MIB = 1024;

function hostFact(gpus: readonly [SeenGpu, ...SeenGpu[]]): HostFact {
  return {
    hosts: [],
    count: 1,
    gpuName: gpus[0].name,
    memoryMiB: least(gpus.map(({ memoryMiB }) => ((memoryMiB ?? 0) < LEAST_MIB ? null : memoryMiB))),
    gpusPerHost: gpus.length,
    pcieGeneration: least(gpus.map((gpu) => gpu.generation)),
    features: [],
    where: gpus[0].where,
  };
}

/** GPUs of each host, where outputs of several were joined: another starts at an index that came before. */
export function byHost<G extends { readonly index: string | null }>(gpus: readonly G[]): G[][] {
  const hosts: G[][] = [];
  for (const gpu of gpus) {
    const again = gpu.index !== null && hosts.at(-1)?.some(({ index }) => index === gpu.index) === true;
    if (hosts.length === 0 || again) hosts.push([]);
    hosts.at(-1)!.push(gpu);
  }
  return hosts;
}
