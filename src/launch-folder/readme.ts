import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { arithmetic } from '../plan-text/degrees.ts';
import type { LaunchFile, RenderContext } from './launch-file.ts';
import { commentText, shellQuote } from './quote.ts';
import { hostRuns } from './ranks.ts';
import type { Renderer } from './renderer.ts';

/** How to start the folder, and the command that estimates it again. `own`: the framework's own files. */
export function readme(
  framework: Renderer,
  { model, cluster, workload, stack }: Problem,
  plan: Plan,
  { origin, inputs }: RenderContext,
  own: readonly LaunchFile[],
): string {
  const { sequenceLength, globalBatchSize, precision, headroom } = workload;
  const check = [
    `shardwright estimate ${shellQuote(inputs.model)} ${shellQuote(inputs.cluster)} --from FOLDER --for ${framework.id}`,
    `--stack ${stack.id} --seq-length ${sequenceLength} --global-batch ${globalBatchSize}`,
    `--precision ${precision} --headroom ${Number((100 * headroom).toFixed(6))}%`,
  ].join(' ');
  const runs = hostRuns(cluster, plan, framework.rankOrder);
  const hosts = new Set(runs.map((run) => run.host)).size;
  const named = hosts === 1 || runs.every((run) => cluster.groups[run.group]!.nic.interface !== null);
  const names = own.map(({ path }) => `\`${path}\``).join(', ');
  return `${[
    `# ${commentText(model.name)} with ${framework.name}`,
    '',
    `${commentText(origin)}: ${arithmetic(plan)} on ${hosts} host${hosts === 1 ? '' : 's'} of ${commentText(cluster.name)}.`,
    '',
    ...(runs.some((run) => cluster.groups[run.group]!.hostsMadeUp === true)
      ? ['- **The host names are made up**: name the hosts in the cluster file, and emit again.']
      : []),
    '- Slurm: `sbatch job.sbatch`. Elsewhere start `bash launch.sh` on every host of its table.',
    `- The launcher's own files: ${names}. Further arguments of \`launch.sh\` go to the program.`,
    '- `rank-map.csv`: host, GPU and coordinates of each global rank. Hosts stand in pipeline order: do not sort them.',
    ...(named
      ? []
      : [
          '- Several networks on a host? Name them in the cluster file (`nic: { devices, interface }`), or set `NCCL_IB_HCA` and `NCCL_SOCKET_IFNAME`.',
        ]),
    ...(framework.notes?.() ?? []).map((note) => `- ${note}`),
    ...(framework.reader === undefined
      ? []
      : [
          `- Check: \`shardwright validate . --for ${framework.id}\`; from where the plan was made, \`${commentText(check)}\`.`,
        ]),
    '- A host is known by any of its names and addresses; otherwise `SHARDWRIGHT_HOST=name bash launch.sh`.',
  ].join('\n')}\n`;
}
