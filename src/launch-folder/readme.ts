import type { Reason } from '../domain/reason.ts';
import { arithmetic } from '../plan-text/degrees.ts';
import { optimizerText } from '../plan-text/optimizer-text.ts';
import { packingText } from '../plan-text/packing-text.ts';
import { commentText, shellQuote } from './quote.ts';
import type { Renderer } from './renderer.ts';
import type { Launch, Scheduler, Written } from './schedulers/scheduler.ts';
import { namesLeftOpen } from './used-hosts.ts';

interface Start {
  readonly scheduler: Scheduler;
  readonly outcome: Written | Reason;
}

/** How to start the folder, and the command that estimates it again. */
export function readme(framework: Renderer, launch: Launch, starts: readonly Start[]): string {
  const { problem, plan, hosts, context, own } = launch;
  const { model, cluster } = problem;
  const named =
    hosts.length === 1 ||
    hosts.every((host) => host.groups.every((group) => cluster.groups[group]!.nic.interface !== null));
  const names = own.map(({ path }) => `\`${path}\``).join(', ');
  const notes = [
    ...starts.flatMap(({ outcome }) => ('rule' in outcome ? [] : outcome.notes)),
    ...(framework.notes?.(problem, plan) ?? []),
  ];
  return `${[
    `# ${commentText(model.name)} with ${framework.name}`,
    '',
    `${commentText(context.origin)}: ${arithmetic(plan)} on ${hosts.length} host${hosts.length === 1 ? '' : 's'} of ${commentText(cluster.name)}.`,
    '',
    ...starts.map(startLine),
    byHand(launch),
    ...notes.map((note) => `- ${note}`),
    `- The launcher's own files: ${names}. Further arguments of \`launch.sh\` go to the program.`,
    '- `rank-map.csv`: host, GPU and coordinates of each global rank. Hosts stand in pipeline order: do not sort them.',
    ...(named
      ? []
      : [
          '- Several networks on a host? Name them in the cluster file (`nic: { devices, interface }`), or set `NCCL_IB_HCA` and `NCCL_SOCKET_IFNAME`.',
        ]),
    ...(framework.reader === undefined
      ? []
      : [
          `- Check: \`shardwright validate . --for ${framework.id}\`; from where the plan was made, \`${commentText(estimateAgain(launch))}\`.`,
        ]),
  ].join('\n')}\n`;
}

function startLine({ scheduler, outcome }: Start): string {
  return 'rule' in outcome
    ? `- ${scheduler.name}: no file, since its form cannot hold this plan: ${outcome.actual}; it takes ${outcome.limit}.`
    : `- ${scheduler.name}: ${outcome.start}`;
}

/** Without a scheduler: each host finds its place by name, or is told it. */
function byHand({ problem: { cluster }, hosts }: Launch): string {
  const start = '- By hand: `bash launch.sh` on every host of its table.';
  if (!namesLeftOpen(cluster, hosts))
    return `${start} A host is known by any of its names and addresses; otherwise \`SHARDWRIGHT_HOST=name bash launch.sh\`.`;
  return hosts.length === 1
    ? '- By hand: `bash launch.sh` on the host.'
    : '- By hand: **the host names are made up**, so `SHARDWRIGHT_MASTER=first-host SHARDWRIGHT_NODE_RANK=i bash launch.sh` on each host, 0 and on in the order of `rank-map.csv`; or name the hosts in the cluster file and plan again.';
}

function estimateAgain({ framework, problem, context: { inputs } }: Launch): string {
  const { workload, stack } = problem;
  const { sequenceLength, globalBatchSize, precision, headroom, headroomBytes, reservedBytes, packing } =
    workload;
  const optimizer = optimizerText(workload);
  const free = headroomBytes === undefined ? `${Number((100 * headroom).toFixed(6))}%` : `${headroomBytes}B`;
  const more = [
    ...(optimizer === 'adamw' ? [] : [`--optimizer ${optimizer}`]),
    `--headroom ${free}`,
    ...(reservedBytes === undefined ? [] : [`--reserve ${reservedBytes}B`]),
    ...(packing === undefined ? [] : [`--packing ${packingText(packing)}`]),
  ];
  return [
    `shardwright estimate ${shellQuote(inputs.model)} ${shellQuote(inputs.cluster)} --from FOLDER --for ${framework.id}`,
    `--stack ${stack.id} --seq-length ${sequenceLength} --global-batch ${globalBatchSize}`,
    `--precision ${precision} ${more.join(' ')}`,
  ].join(' ');
}
