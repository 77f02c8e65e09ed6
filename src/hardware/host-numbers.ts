import type { Cluster } from '../domain/cluster.ts';
import { rememberedOf } from '../units/remembered.ts';

/** The host of each node of a cluster, by number; null where no host stands in several groups. */
export function hostNumbers(cluster: Cluster): readonly (readonly number[])[] | null {
  return rememberedOf(known, cluster, () => ({ numbers: numbered(cluster) })).numbers;
}

const known = new WeakMap<Cluster, { readonly numbers: number[][] | null }>();

function numbered({ groups }: Cluster): number[][] | null {
  if (groups.every(({ shared }) => shared === undefined)) return null;
  const names = new Map<string, number>();
  return groups.map(({ hosts }) =>
    hosts.map((host) => {
      const number = names.get(host) ?? names.size;
      names.set(host, number);
      return number;
    }),
  );
}
