import type { Cluster, NodeGroup } from '../domain/cluster.ts';
import { InputError } from '../domain/input-error.ts';
import { alike, maybe } from '../units/nearest.ts';

/** US dollars per GPU-hour of each node group; null where neither the cluster nor --price says. */
export interface Prices {
  readonly byGroup: readonly (number | null)[];
  /** Where each is from: --price, the cluster file, or the list price of the GPU profile. */
  readonly sources: readonly ('flag' | 'cluster' | 'list')[];
  /** Names of --price that some group took. */
  readonly used: ReadonlySet<string>;
}

export function pricesFrom(text: string | undefined): Map<string, number> {
  const prices = new Map<string, number>();
  for (const token of (text ?? '').split(',').filter((part) => part !== '')) {
    const match = /^([A-Za-z0-9._-]+)=(\d+(?:\.\d+)?)$/.exec(token.trim());
    if (match === null)
      throw new InputError({ message: `--price: "${token}"`, expected: 'GPU=DOLLARS, such as h100=2.50' });
    prices.set(match[1]!, Number(match[2]));
  }
  return prices;
}

/** A price holds for the group of that id, else for GPUs whose id begins with the name; the longest name wins. */
export function pricesOf({ groups }: Cluster, prices: ReadonlyMap<string, number>): Prices {
  const used = new Set<string>();
  const found = groups.map((group) => {
    const name = nameFor(group, prices.keys());
    const { dollarsPerGpuHour: price, gpu } = group;
    if (name === undefined)
      return { price, source: price === gpu.dollarsPerHour ? ('list' as const) : ('cluster' as const) };
    used.add(name);
    return { price: prices.get(name)!, source: 'flag' as const };
  });
  return {
    byGroup: found.map(({ price }) => price),
    sources: found.map(({ source }) => source),
    used,
  };
}

/** Of names that prices are given by: the group's id, its GPU's, or how that begins; the longest. */
export function nameFor({ id, gpu }: NodeGroup, names: Iterable<string>): string | undefined {
  return [...names]
    .filter((name) => id === name || gpu.id === name || gpu.id.startsWith(`${name}-`))
    .sort((a, b) => b.length - a.length)[0];
}

export function refuseUnused(
  prices: ReadonlyMap<string, number>,
  used: ReadonlySet<string>,
  clusters: readonly Cluster[],
  flag = '--price',
): void {
  const unused = [...prices.keys()].find((name) => !used.has(name));
  if (unused === undefined) return;
  const names = clusters.flatMap(({ groups }) => groups.flatMap(({ id, gpu }) => [gpu.id, id]));
  const hint = maybe(alike(unused, [...new Set(names)]));
  throw new InputError({
    message: `${flag} names "${unused}", which no cluster has`,
    expected: `the beginning of a GPU id, or a group id: ${[...new Set(names)].join(', ')}`,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Every price, or an error that names the group without one. */
export function allPrices({ groups }: Cluster, { byGroup }: Pick<Prices, 'byGroup'>): number[] {
  return byGroup.map((price, i) => {
    if (price !== null) return price;
    const { id, gpu } = groups[i]!;
    throw new InputError({
      message: `${id} (${gpu.id}) has no price`,
      expected: 'dollarsPerGpuHour in the cluster file, or --price',
      hint: `Maybe --price ${gpu.id}=2.00.`,
    });
  });
}
