import type { NodeGroup } from '../../domain/cluster.ts';
import type { Reason } from '../../domain/reason.ts';
import { commentText } from '../quote.ts';
import { runsOf } from '../used-hosts.ts';
import { type Launch, notInContainers, objectName, type Scheduler } from './scheduler.ts';

/** dstack knows GPUs by name, in any case, and memory (gpuhunt 3584151, _internal/constraints.py); this much off is the same. */
const MEMORY_SLACK = 0.1;

/**
 * dstack: a task of node groups, whose node ranks run over the groups in their order (dstack 511c318 of 2026-08-21,
 * mkdocs/docs/concepts/tasks.md, "Node groups"; groups are newer than its PR 4094).
 */
export const dstack: Scheduler = {
  id: 'dstack',
  name: 'dstack',
  containers: true,
  write(launch) {
    const reason = notInContainers('dstack', launch) ?? unknownVendor(launch);
    if (reason !== null) return reason;
    const { image, framework, plan } = launch;
    return {
      file: { path: 'dstack.yml', content: task(launch) },
      start:
        '`dstack apply -f dstack.yml`, on a fleet with `placement: cluster`; groups want dstack of August 2026 or newer.',
      notes: [
        image === null
          ? `\`dstack.yml\` names no image: dstack's own has no ${framework.name}. Name one with \`--image\`.`
          : `\`dstack.yml\` runs \`launch.sh\` in \`${image}\`, which must hold ${framework.name}.`,
        ...(plan.nodeOrder === null ? [] : ['dstack loses the order of nodes by measured links.']),
      ],
    };
  },
};

function unknownVendor({ problem: { cluster }, hosts }: Launch): Reason | null {
  const odd = hosts
    .map(({ groups: [group] }) => cluster.groups[group]!.gpu)
    .find(({ vendor }) => vendor === 'google');
  return odd === undefined
    ? null
    : { rule: 'gpu-name', actual: odd.id, limit: 'GPUs that dstack has by name' };
}

function task({ problem: { model, cluster }, hosts, context, own, image }: Launch): string {
  const typeOf = (group: number) => cluster.groups[group]!.gpu.id;
  const groups = runsOf(hosts, (a, b) => typeOf(a.groups[0]) === typeOf(b.groups[0]) && a.gpus === b.gpus);
  return `${[
    `# ${commentText(context.origin)}`,
    '# Groups stand in pipeline order: do not sort them.',
    'type: task',
    `name: ${objectName(model.name)}`,
    ...(image === null ? [] : [`image: ${JSON.stringify(image)}`]),
    'files:',
    ...own.map(({ path }) => `  - ${path}:launch/${path}`),
    'groups:',
    ...groups.flatMap((run, i) => {
      const { gpu } = cluster.groups[run[0]!.groups[0]]!;
      return [
        `  - name: ${i}-${objectName(gpu.id).slice(0, 30)}`,
        `    nodes: ${run.length}`,
        '    commands:',
        '      - SHARDWRIGHT_NODE_RANK="$DSTACK_NODE_RANK" SHARDWRIGHT_MASTER="$DSTACK_MASTER_NODE_IP" bash launch/launch.sh',
        '    resources:',
        `      gpu: ${JSON.stringify(gpuSpec(gpu, run[0]!.gpus))}`,
        '      shm_size: 24GB',
      ];
    }),
  ].join('\n')}\n`;
}

/** `nvidia:H100:72GB..88GB:8` */
function gpuSpec({ id, vendor, product }: NodeGroup['gpu'], count: number): string {
  const { names, form, memoryGb } = product;
  const series = vendor === 'nvidia' && /^rtx-(?!a)/.test(id) && !names[0]!.startsWith('rtx') ? 'RTX' : '';
  const name = `${series}${names[0]!.replaceAll(' ', '')}${form === 'nvl' ? 'NVL' : ''}`.toUpperCase();
  const [least, most] = [Math.floor(memoryGb * (1 - MEMORY_SLACK)), Math.ceil(memoryGb * (1 + MEMORY_SLACK))];
  return `${vendor}:${name}:${least}GB..${most}GB:${count}`;
}
