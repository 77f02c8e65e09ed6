import type { NodeGroup } from '../../domain/cluster.ts';
import type { Reason } from '../../domain/reason.ts';
import { commentText } from '../quote.ts';
import type { UsedHost } from '../used-hosts.ts';
import { type Launch, notInContainers, objectName, type Scheduler } from './scheduler.ts';

/** How device plugins call the GPUs of a vendor. */
const RESOURCE: Readonly<Record<NodeGroup['gpu']['vendor'], string | null>> = {
  nvidia: 'nvidia.com/gpu',
  amd: 'amd.com/gpu',
  intel: 'habana.ai/gaudi',
  google: null,
  amazon: null,
  huawei: null,
};

/**
 * Kubeflow's PyTorchJob, kubeflow.org/v1 (training-operator release-1.9, pkg/controller.v1/pytorch/envvar.go): one Master,
 * node rank 0, and Workers, 1 and on, each with a template; the operator sets PET_NODE_RANK and PET_MASTER_ADDR.
 */
export const pytorchjob: Scheduler = {
  id: 'pytorchjob',
  name: 'PyTorchJob',
  containers: true,
  write(launch) {
    const reason = notInContainers('PyTorchJob', launch) ?? cannotHold(launch);
    if (reason !== null) return reason;
    const name = objectName(launch.problem.model.name);
    const files = launch.own.map(({ path }) => `--from-file=${path}`).join(' ');
    return {
      file: { path: 'pytorchjob.yaml', content: manifest(launch, name) },
      start: `\`kubectl create configmap ${name} ${files}\`, then \`kubectl create -f pytorchjob.yaml\`.`,
      notes: [
        `\`pytorchjob.yaml\` runs \`launch.sh\` in \`${launch.image}\`, which must hold ${launch.framework.name}; the folder is mounted read-only at \`/launch\`, and data and checkpoints want volumes of yours.`,
        ...(launch.plan.nodeOrder === null ? [] : ['PyTorchJob loses the order of nodes by measured links.']),
      ],
    };
  },
};

/** Why one Master and alike Workers are not this plan; null: they are. */
function cannotHold({ problem: { cluster }, hosts, image }: Launch): Reason | null {
  const [master, ...workers] = hosts as [UsedHost, ...UsedHost[]];
  const groupOf = ({ groups: [group] }: UsedHost) => cluster.groups[group]!;
  const groups = [...new Set(hosts.map(groupOf))];
  if (new Set(workers.map((host) => podOf(groupOf(host)))).size > 1)
    return {
      rule: 'one-type-of-worker',
      actual: `hosts of ${groups.map(({ id, gpu }) => `${id} (${gpu.id})`).join(', ')} in the order of ranks`,
      limit:
        'hosts of one GPU type and nodeSelector, or all but the first: it has a template for a master and one for workers',
      hint: 'Maybe --scheduler dstack.',
    };
  const uneven = hosts.find(({ gpus }) => gpus !== master.gpus);
  if (uneven !== undefined)
    return {
      rule: 'one-nproc-per-node',
      actual: `${master.gpus} GPUs on ${master.host}, ${uneven.gpus} on ${uneven.host}`,
      limit: 'as many GPUs on each host: nprocPerNode is one number',
    };
  const odd = groups.find(({ gpu }) => RESOURCE[gpu.vendor] === null);
  if (odd !== undefined)
    return { rule: 'gpu-resource', actual: odd.gpu.id, limit: 'GPUs that a device plugin counts' };
  return (
    notToldApart(groups) ??
    (image === null
      ? { rule: 'image', actual: 'no --image', limit: 'the image of its containers, which the job must name' }
      : null)
  );
}

const podOf = ({ gpu, nodeSelector }: NodeGroup) => `${gpu.id} ${JSON.stringify(nodeSelector)}`;

/** Pods of two types take each other's nodes unless labels say which are whose. */
function notToldApart(groups: readonly NodeGroup[]): Reason | null {
  const typeOf = new Map(groups.map(({ gpu, nodeSelector }) => [JSON.stringify(nodeSelector), gpu.id]));
  const alone = new Set(groups.map(({ gpu }) => gpu.id)).size === 1;
  const odd = groups.find(
    ({ gpu, nodeSelector }) =>
      nodeSelector === undefined || typeOf.get(JSON.stringify(nodeSelector)) !== gpu.id,
  );
  if (alone || odd === undefined) return null;
  return {
    rule: 'node-selector',
    actual: `nothing tells Kubernetes the nodes of ${odd.id}`,
    limit: 'labels of the nodes of each GPU type',
    hint: 'Maybe kubernetes: { nodeSelector: { nvidia.com/gpu.product: … } } of each node group.',
  };
}

function manifest(launch: Launch, name: string): string {
  const { hosts, context } = launch;
  const [master, ...workers] = hosts as [UsedHost, ...UsedHost[]];
  return `${[
    `# ${commentText(context.origin)}`,
    '# Pods stand in pipeline order: Master, then Worker 0 and on.',
    'apiVersion: kubeflow.org/v1',
    'kind: PyTorchJob',
    'metadata:',
    `  name: ${name}`,
    'spec:',
    `  nprocPerNode: "${master.gpus}"`,
    '  pytorchReplicaSpecs:',
    ...replicas('Master', [master], launch, name),
    ...(workers.length === 0 ? [] : replicas('Worker', workers, launch, name)),
  ].join('\n')}\n`;
}

function replicas(role: string, hosts: readonly UsedHost[], launch: Launch, name: string): string[] {
  const [first] = hosts as [UsedHost, ...UsedHost[]];
  const groups = hosts.map(({ groups: [group] }) => launch.problem.cluster.groups[group]!);
  const selector = Object.entries(groups[0]!.nodeSelector ?? {});
  return [
    `    ${role}:`,
    `      replicas: ${hosts.length}`,
    '      restartPolicy: Never',
    '      template:',
    '        spec:',
    ...(selector.length === 0
      ? []
      : [
          '          nodeSelector:',
          ...selector.map(([key, value]) => `            ${JSON.stringify(key)}: ${JSON.stringify(value)}`),
        ]),
    '          containers:',
    '            - name: pytorch',
    `              image: ${JSON.stringify(launch.image)}`,
    '              command:',
    '                - bash',
    '                - -c',
    '                - SHARDWRIGHT_NODE_RANK="$PET_NODE_RANK" SHARDWRIGHT_MASTER="$PET_MASTER_ADDR" exec bash /launch/launch.sh',
    '              resources:',
    '                limits:',
    `                  ${RESOURCE[groups[0]!.gpu.vendor]}: ${first.gpus}`,
    '              volumeMounts:',
    '                - name: launch',
    '                  mountPath: /launch',
    '                - name: shm',
    '                  mountPath: /dev/shm',
    '          volumes:',
    '            - name: launch',
    '              configMap:',
    `                name: ${name}`,
    '            - name: shm',
    '              emptyDir:',
    '                medium: Memory',
  ];
}
