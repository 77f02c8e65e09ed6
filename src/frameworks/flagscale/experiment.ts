import type { Cluster, NodeGroup } from '../../domain/cluster.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { deviceOrder } from '../../launch-folder/hosts-script.ts';
import { yamlText } from '../writing/yaml-text.ts';
import { HOSTFILE, type TypedHost, typedHosts } from './hostfile.ts';
import { TRAINING } from './training.ts';

export const EXPERIMENT = 'experiment';

/** Set by launch.sh; left out, the folder is where the runner is started. */
const FOLDER = `\${oc.env:SHARDWRIGHT_FOLDER,.}`;

/** GPUs of a host that its processes see, in the words of CUDA_VISIBLE_DEVICES. */
export function visible({ gpus }: TypedHost): string {
  return gpus.join(',');
}

/** The outer file: runner, hosts, environment. */
export function experiment({ cluster }: Problem, plan: Plan, origin: string): string {
  const hosts = typedHosts(cluster, plan);
  const [first] = hosts as [TypedHost];
  const alike = hosts.every(({ gpus }) => gpus.length === first.gpus.length);
  const settings = {
    defaults: [`${TRAINING.replace('.yaml', '')}@train`, '_self_'],
    experiment: {
      exp_name: 'shardwright',
      exp_dir: './outputs/shardwright',
      task: { type: 'train', backend: 'megatron', entrypoint: './flagscale/train/train_gpt.py' },
      runner: {
        type: 'ssh',
        backend: 'torchrun',
        // The default, c10d, sorts hosts by name.
        rdzv_backend: 'static',
        hostfile: `${FOLDER}/${HOSTFILE}`,
        nnodes: hosts.length,
        ...(alike ? { nproc_per_node: first.gpus.length } : {}),
        ssh_port: 22,
      },
      envs: environment(cluster, plan, hosts),
    },
    action: 'run',
    hydra: { run: { dir: `\${experiment.exp_dir}/hydra` } },
  };
  return yamlText(settings, [origin]);
}

/** Its runner takes the number of processes from the visible GPUs too, and fails without them. */
function environment(cluster: Cluster, plan: Plan, hosts: readonly TypedHost[]) {
  const seen = visible(hosts[0]!);
  const others = hosts.filter((host) => visible(host) !== seen);
  const specific = typeEnvironment(cluster, hosts);
  return {
    ...(needsOneConnection(cluster, plan) ? { CUDA_DEVICE_MAX_CONNECTIONS: '1' } : {}),
    ...deviceOrder(cluster, hosts),
    CUDA_VISIBLE_DEVICES: seen,
    ...(Object.keys(specific).length > 0 ? { device_type_specific: specific } : {}),
    ...(others.length > 0
      ? {
          node_specific: Object.fromEntries(
            others.map((host) => [host.host, { CUDA_VISIBLE_DEVICES: visible(host) }]),
          ),
        }
      : {}),
  };
}

/** Tensor parallelism on any mesh with GPUs that start kernels in order only so: the setting is one for all. */
function needsOneConnection({ groups }: Cluster, { pipelines }: Plan): boolean {
  const blocks = pipelines[0]!.stages.flatMap(({ replicas }) => replicas);
  return blocks.some(({ tp, group }) => tp > 1 && groups[group]!.gpu.kernels.oneConnection);
}

/** What the network of each type of host asks of its collective library. */
function typeEnvironment(
  cluster: Cluster,
  hosts: readonly TypedHost[],
): Record<string, Readonly<Record<string, string>>> {
  if (hosts.length === 1) return {};
  const all = hosts.map(({ type, groups: [group] }) => [type, networkOf(cluster.groups[group]!)] as const);
  return Object.fromEntries(all.filter(([, variables]) => Object.keys(variables).length > 0));
}

function networkOf({ nic }: NodeGroup): Readonly<Record<string, string>> {
  const { environment: asked } = nic.link;
  const verbs = !('NCCL_IB_DISABLE' in asked) && !('FI_PROVIDER' in asked);
  return {
    ...asked,
    ...(verbs && nic.devices.length > 0 ? { NCCL_IB_HCA: `=${nic.devices.join(',')}` } : {}),
    ...(nic.interface === null
      ? {}
      : { NCCL_SOCKET_IFNAME: `=${nic.interface}`, GLOO_SOCKET_IFNAME: nic.interface }),
  };
}

/** Sub-blocks of the environment, which only the runner that goes over SSH reads. */
export function environmentBlocks({ cluster }: Problem, plan: Plan): string[] {
  const envs = environment(cluster, plan, typedHosts(cluster, plan));
  return Object.keys(envs).filter((key) => key.endsWith('_specific'));
}
