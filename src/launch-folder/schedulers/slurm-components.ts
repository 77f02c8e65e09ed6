import type { Cluster } from '../../domain/cluster.ts';
import type { Reason } from '../../domain/reason.ts';
import { CARRIED_OVER, ONE_OF, type SbatchOptions, WHOLE_JOB } from '../../domain/sbatch.ts';
import { runsOf, type UsedHost } from '../used-hosts.ts';
import { type GpuRequest, gpuRequest } from './slurm-gpus.ts';

/** Hosts next to each other in the order of ranks that one request asks for. */
export interface Component {
  readonly hosts: readonly UsedHost[];
  /** GPU types by id, `+` between those of one host. */
  readonly gpuType: string;
  /** Every option but those that the plan decides. */
  readonly options: SbatchOptions;
  readonly gpus: GpuRequest;
  /** The cluster file names the hosts. */
  readonly named: boolean;
}

export interface Components {
  readonly list: readonly Component[];
  /** Nothing else tells components apart than names of GPU types that are a guess. */
  readonly typesAssumed: boolean;
}

/** The components of a job, in the order of ranks, or why Slurm could not be asked for them. */
export function componentsOf(cluster: Cluster, hosts: readonly UsedHost[]): Components | Reason {
  const asked: Component[] = [];
  for (const host of hosts) {
    const options = optionsOf(cluster, host);
    const gpus = gpuRequest(options, host.gpus);
    if ('rule' in gpus) return gpus;
    const groups = host.groups.map((group) => cluster.groups[group]!);
    const gpuType = groups.map(({ gpu }) => gpu.id).join('+');
    asked.push({
      hosts: [host],
      gpuType,
      options,
      gpus,
      named: groups.every(({ hostsMadeUp }) => hostsMadeUp !== true),
    });
  }
  const stated = joined(asked);
  const left = leftUnstated(cluster, stated);
  if (left !== null) return left;
  if (toldApart(stated)) return { list: stated, typesAssumed: false };
  const typed = joined(asked.map((one) => ({ ...one, gpus: assumedType(cluster, one) })));
  return toldApart(typed) ? { list: typed, typesAssumed: true } : alike(cluster, typed);
}

function joined(asked: readonly Component[]): Component[] {
  const runs = runsOf(
    asked,
    (a, b) => a.gpuType === b.gpuType && a.named === b.named && requestOf(a) === requestOf(b),
  );
  return runs.map((run) => ({ ...run[0]!, hosts: run.flatMap(({ hosts }) => hosts) }));
}

/** The group's options over the cluster's; of those that exclude each other, the group's. */
function optionsOf(cluster: Cluster, { groups }: UsedHost): SbatchOptions {
  return groups.reduce<SbatchOptions>((over, group) => {
    const own = cluster.groups[group]!.slurm ?? {};
    const rivals = new Set(
      Object.keys(own).flatMap((key) => ONE_OF.find((names) => names.includes(key)) ?? []),
    );
    const kept = Object.entries(over).filter(([key]) => !rivals.has(key));
    return { ...Object.fromEntries(kept), ...own };
  }, cluster.slurm ?? {});
}

const requestOf = ({ options, gpus }: Component) =>
  JSON.stringify([Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1)), gpus]);

/** Whether Slurm cannot give one component the nodes of another with other GPUs. */
function toldApart(components: readonly Component[]): boolean {
  const typeOf = new Map<string, string>();
  return components.every((one) => {
    if (one.named) return true;
    const request = requestOf(one);
    const other = typeOf.get(request) ?? one.gpuType;
    typeOf.set(request, one.gpuType);
    return other === one.gpuType;
  });
}

/** What gres.conf most often calls the GPUs: their family. */
function assumedType(cluster: Cluster, { hosts: [host], gpus }: Component): GpuRequest {
  const [group, ...others] = host!.groups;
  const [name] = cluster.groups[group]!.gpu.product.names;
  if (gpus.key !== 'gpus-per-node' || gpus.value.includes(':') || others.length > 0 || name === undefined)
    return gpus;
  return { ...gpus, value: `${name.replaceAll(' ', '_')}:${gpus.value}` };
}

function alike({ groups }: Cluster, components: readonly Component[]): Reason {
  const ids = [...new Set(components.flatMap(({ hosts }) => hosts.flatMap((host) => host.groups)))].map(
    (group) => groups[group]!.id,
  );
  return {
    rule: 'components-told-apart',
    actual: `nothing tells Slurm the nodes of ${ids.join(' from those of ')}`,
    limit: 'a partition, a constraint or a GPU type (gpus-per-node) of each',
    hint: `Maybe slurm: in the cluster file, or --sbatch ${ids[0]}:partition=NAME.`,
  };
}

/** What one component states and another would then take over, or have from elsewhere. */
function leftUnstated({ groups }: Cluster, components: readonly Component[]): Reason | null {
  const keys = [...new Set(components.flatMap(({ options }) => Object.keys(options)))].filter(
    (key) => key === 'partition' || (CARRIED_OVER.has(key) && !WHOLE_JOB.has(key)),
  );
  for (const key of keys) {
    const having = components.findIndex(({ options }) => options[key] !== undefined);
    const lacking = components.findIndex(
      ({ options }, i) => options[key] === undefined && (key === 'partition' || i > having),
    );
    if (lacking < 0) continue;
    const [has, lacks] = [having, lacking].map((i) => groups[components[i]!.hosts[0]!.groups[0]]!.id);
    return {
      rule: `${key}-of-each-component`,
      actual: `${lacks} states no ${key}, and ${has} does`,
      limit:
        key === 'partition'
          ? 'a partition of each node group: Slurm would take its default for the other'
          : `${key} of each node group: Slurm carries it over from one component to the next`,
      hint: `Maybe --sbatch ${lacks}:${key}=…, or ${key} in its slurm: block.`,
    };
  }
  return null;
}
