import { inSlot, type Product, productOf, saysNoProduct } from '../../catalogue/gpu-names.ts';
import { loadGpu } from '../../catalogue/gpus.ts';
import { shapeCalled } from '../../catalogue/shapes.ts';
import { InputError } from '../../domain/input-error.ts';
import { at, type HostFact, least, type TopologyFact } from '../facts/facts.ts';

/** What the catalogue knows of GPUs. */
export interface KnownGpus {
  readonly ids: readonly string[];
  readonly nearest: (name: string) => string | undefined;
  /** Memory of a GPU of the catalogue, MiB. */
  readonly memoryMiB: (id: string) => number;
}

/** A fact whose GPU the catalogue has. */
export interface Identified {
  readonly fact: HostFact;
  /** What the GPU can be, most usual first; several: no source tells. */
  readonly ids: readonly string[];
  readonly pcie: boolean;
  /** Names and lines that said so, most exact first. */
  readonly from: readonly string[];
  readonly unknown: readonly string[];
  readonly notes: readonly string[];
}

/** What the catalogue knows of a fact's name alone; null: nothing. A file of the user's own is known by its id. */
export function productIn(gpus: KnownGpus, { gpuName, memoryMiB, features }: HostFact): Product | null {
  if (gpuName === null || saysNoProduct(gpuName))
    return (
      features.map((word) => productOf(word, memoryMiB) ?? rented(word)).find((one) => one !== null) ?? null
    );
  const id = gpuName.toLowerCase();
  const own = gpus.ids.includes(id)
    ? { ids: [id], standIn: false, pcie: inSlot(loadGpu(id).product.form), ownMemoryMiB: null }
    : null;
  // Slurm calls an MI250X so whether it counts packages or dies; ids with a dash are exact.
  return id.includes('-') ? (own ?? productOf(gpuName, memoryMiB)) : (productOf(gpuName, memoryMiB) ?? own);
}

/** The GPU of a cloud's type of host: `p5.48xlarge`. */
function rented(word: string): Product | null {
  const shape = shapeCalled(word);
  return shape === null ? null : { ids: [shape.gpu], standIn: false, pcie: false, ownMemoryMiB: null };
}

/** Packages of several dies that a node has (configs/clusters/mi250x-128.yaml). */
const MOST_PACKAGES = 4;

/** Whether a fact names no product, so that another source has to. */
export function isUntyped({ gpuName }: HostFact): boolean {
  return gpuName === null || saysNoProduct(gpuName);
}

/**
 * A fact with what samples (hosts without a name, such as the one nvidia-smi ran on) of as many GPUs add: they decide
 * between products that a bare name leaves open, and bring memory and PCIe generation.
 */
export function identified(
  fact: HostFact,
  product: Product | null,
  samples: readonly Identified[],
  gpus: KnownGpus,
): Identified {
  const alike = samples.filter((one) => couldBe(one, fact, product));
  const ids = narrowed(alike, product, gpus);
  if (ids.length === 0 || (product === null && alike.length > 1 && ids.length > 1))
    throw untyped(fact, alike);
  const sure = ids.length === 1 ? alike : [];
  const facts = [fact, ...sure.map((one) => one.fact)];
  const words = alike.flatMap(({ from }) => from).join(' and ');
  return {
    fact: {
      ...fact,
      memoryMiB: least([
        ...facts.map(({ memoryMiB }) => memoryMiB),
        fact.memoryMiB === null ? (product?.ownMemoryMiB ?? null) : null,
      ]),
      pcieGeneration: least(facts.map(({ pcieGeneration }) => pcieGeneration)),
    },
    ids,
    pcie: product?.pcie ?? alike.some(({ pcie }) => pcie),
    from: [...sure.flatMap((one) => one.from), sourceOf(fact)],
    unknown: alike.length > 1 && ids.length > 1 ? [`which ${fact.gpuName}: ${words} both fit`] : [],
    notes: [
      ...(product?.standIn
        ? [
            `${sourceOf(fact)} is not in the catalogue: ${ids[0]} stands in for it${product.pcie ? ', in a slot' : ''}`,
          ]
        : []),
      ...(product === null || product.ownMemoryMiB === null
        ? []
        : [
            `${sourceOf(fact)} has ${(product.ownMemoryMiB / 1024).toFixed(1)} GiB: its memory as stated, its speed that of ${ids[0]}`,
          ]),
    ],
  };
}

/** Whether a sample can be one of a fact's hosts: as many GPUs, of a product that the name allows. */
export function couldBe(sample: Identified, { gpusPerHost }: HostFact, product: Product | null): boolean {
  return (
    sample.fact.gpusPerHost === gpusPerHost &&
    (product === null || sample.ids.some((id) => product.ids.includes(id)))
  );
}

/** Products that name and samples allow together; of samples that differ, the one with the least memory first. */
function narrowed(alike: readonly Identified[], product: Product | null, gpus: KnownGpus): readonly string[] {
  const told = [...new Set(alike.flatMap(({ ids }) => ids))].filter(
    (id) => product?.ids.includes(id) ?? true,
  );
  if (told.length === 0) return product?.ids ?? [];
  return alike.length === 1 ? told : told.toSorted((a, b) => gpus.memoryMiB(a) - gpus.memoryMiB(b));
}

/** Where each die of a product is a device (MI250X), whichever of the two a name left open: 4 packages are 8 devices. */
export function byDies(one: Identified, topologies: readonly TopologyFact[]): Identified {
  const die = one.ids.map(loadGpu).find(({ product }) => one.ids.includes(product.dieOf?.gpu ?? ''));
  if (die === undefined) return one;
  const { dies } = die.product.dieOf!;
  const { gpusPerHost } = one.fact;
  if (gpusPerHost === MOST_PACKAGES * dies) return { ...one, ids: [die.id] };
  const devices = gpusPerHost * dies;
  const shown = topologies.find(({ vendor, gpus }) => vendor === die.vendor && gpus === devices);
  if (gpusPerHost !== MOST_PACKAGES || shown === undefined) return one;
  return {
    ...one,
    ids: [die.id],
    fact: { ...one.fact, gpusPerHost: devices },
    notes: [
      ...one.notes,
      `${sourceOf(one.fact)}: ${gpusPerHost} packages are ${devices} devices (${at(shown)})`,
    ],
  };
}

/** `"h100", sinfo.txt:1` */
export function sourceOf(fact: HostFact): string {
  return `${fact.gpuName === null ? `${fact.gpusPerHost} GPUs` : `"${fact.gpuName}"`}, ${at(fact)}`;
}

function untyped(fact: HostFact, alike: readonly Identified[]): InputError {
  const found =
    alike.length === 0
      ? 'no other file names them'
      : `${alike.flatMap(({ from }) => from).join(' and ')} both fit`;
  return new InputError({
    message: `${fact.gpusPerHost} GPUs a host, and which is not said; ${found}`,
    expected: 'one GPU type for them',
    hint: `Maybe add ${fact.hosts.length > 0 ? 'nvidia-smi --query-gpu=name,memory.total --format=csv of one such host' : 'rocm-smi --showproductname --showmeminfo vram of this host'}.`,
    at: fact.where,
  });
}
