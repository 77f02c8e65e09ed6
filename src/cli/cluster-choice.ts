import type { Cluster } from '../domain/cluster.ts';
import { InputError } from '../domain/input-error.ts';
import { onlyGroups } from '../domain/node-order.ts';
import { whole } from '../plan-text/whole.ts';
import type { SearchOptions } from '../search/space/options.ts';
import { alike, maybe } from '../units/nearest.ts';
import type { Settings } from './settings.ts';

/** The cluster with only the GPU types of --gpu-types. */
export function chosenGpus(cluster: Cluster, list: string | undefined): Cluster {
  if (list === undefined) return cluster;
  const wanted = list.split(',').map((name) => name.trim());
  const known = [...new Set(cluster.groups.map((group) => group.gpu.id))];
  for (const name of wanted) {
    if (known.includes(name)) continue;
    const hint = maybe(alike(name, known));
    throw new InputError({
      message: `--gpu-types names "${name}", which ${cluster.name} does not have`,
      expected: `some of ${known.join(', ')}`,
      ...(hint === undefined ? {} : { hint }),
    });
  }
  return onlyGroups(cluster, (group) => wanted.includes(group.gpu.id));
}

/** --max-gpus and --drop-slow, as the search takes them. */
export function useOfCluster(cluster: Cluster, s: Settings): Pick<SearchOptions, 'maxGpus' | 'mustUse'> {
  const when = s['drop-slow'] ?? 'auto';
  if (when !== 'auto' && when !== 'never')
    throw new InputError({ message: `--drop-slow is "${when}"`, expected: 'auto or never' });
  return {
    maxGpus: s['max-gpus'] === undefined ? Number.POSITIVE_INFINITY : whole('--max-gpus', s['max-gpus']),
    mustUse: when === 'never' ? cluster.groups.map((group) => group.index) : [],
  };
}
