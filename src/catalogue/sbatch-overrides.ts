import type { Cluster } from '../domain/cluster.ts';
import { InputError } from '../domain/input-error.ts';
import { ONE_OF, SBATCH_OPTIONS, type SbatchOptions } from '../domain/sbatch.ts';
import { nearest } from '../units/nearest.ts';
import { ofOneGroup, sbatchOption } from './sbatch-option.ts';

/** `time=1-00:00`, `requeue`, and of one node group `h100:partition=fast`. */
const OVERRIDE = /^(?:([A-Za-z0-9._-]+):)?([^=:\s]+)(?:=(.*))?$/s;

/** The cluster with what `--sbatch` says in place of, or beside, what its file says. Throws InputError. */
export function withSbatch(cluster: Cluster, overrides: readonly string[]): Cluster {
  return overrides
    .map((text) => overrideOf(cluster, text))
    .sort((a, b) => Number(a.group !== undefined) - Number(b.group !== undefined))
    .reduce(overridden, cluster);
}

interface Override {
  readonly group: string | undefined;
  readonly key: string;
  readonly value: string | boolean;
}

function overrideOf({ groups }: Cluster, text: string): Override {
  const [, group, key, value] = OVERRIDE.exec(text) ?? [];
  if (key === undefined)
    throw new InputError({
      message: `--sbatch is "${text}"`,
      expected: 'KEY=VALUE, or GROUP:KEY=VALUE for one node group',
      hint: 'Maybe --sbatch time=24:00:00.',
    });
  const option = key.replace(/^--/, '');
  if (group !== undefined && !groups.some(({ id }) => id === group)) {
    const ids = groups.map(({ id }) => id);
    const near = nearest(group, ids);
    throw new InputError({
      message: `--sbatch ${text}: no node group is called "${group}"`,
      expected: `one of ${ids.join(', ')}`,
      ...(near === undefined ? {} : { hint: `Maybe "${near}".` }),
    });
  }
  if (group !== undefined) ofOneGroup(option);
  const flag = SBATCH_OPTIONS.get(option) !== 'value' && (value === 'true' || value === 'false');
  return { group, key: option, value: sbatchOption(option, flag ? value === 'true' : (value ?? true)) };
}

function overridden(cluster: Cluster, { group, key, value }: Override): Cluster {
  const rivals = ONE_OF.find((names) => names.includes(key)) ?? [key];
  const without = (options: SbatchOptions = {}) =>
    Object.fromEntries(Object.entries(options).filter(([name]) => !rivals.includes(name)));
  const groups = cluster.groups.map((one) => {
    if (group !== undefined && one.id !== group) return one;
    return { ...one, slurm: { ...without(one.slurm), ...(group === undefined ? {} : { [key]: value }) } };
  });
  return group === undefined
    ? { ...cluster, groups, slurm: { ...without(cluster.slurm), [key]: value } }
    : { ...cluster, groups };
}
