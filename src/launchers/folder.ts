import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { arithmetic } from '../search/label.ts';
import type { Launcher, LaunchFile, RenderContext } from './launcher.ts';
import { commentText, shellQuote } from './quote.ts';
import { rankMap } from './rank-map.ts';
import { hostRuns } from './ranks.ts';

/** All files of a launch: the launcher's own, and beside a script what every cluster asks for. */
export function launchFolder(
  launcher: Launcher,
  problem: Problem,
  plan: Plan,
  context: RenderContext,
): LaunchFile[] {
  const own = launcher.render(problem, plan, context);
  if (!own.some(({ path }) => path === 'launch.sh')) return [...own];
  return [
    ...own,
    { path: 'job.sbatch', content: slurmJob(launcher, problem, plan, context) },
    { path: 'rank-map.csv', content: rankMap(problem, plan, launcher.rankOrder) },
    { path: 'README.md', content: readme(launcher, problem, plan, context, own) },
  ];
}

/**
 * Slurm gives nodes in its own order; launch.sh looks each host up in its table, so the order here does not matter. Hosts
 * with unlike numbers of GPUs are components of one heterogeneous job.
 */
function slurmJob(launcher: Launcher, { cluster }: Problem, plan: Plan, { origin }: RenderContext): string {
  const gpusOf = new Map<string, number>();
  for (const { host, gpus } of hostRuns(cluster, plan, launcher.rankOrder))
    gpusOf.set(host, (gpusOf.get(host) ?? 0) + gpus);
  const sizes = [...new Set(gpusOf.values())];
  const components = sizes.map((gpus) => {
    const hosts = [...gpusOf].flatMap(([host, n]) => (n === gpus ? [host] : []));
    return [
      `#SBATCH --nodes=${hosts.length}`,
      '#SBATCH --ntasks-per-node=1',
      `#SBATCH --gpus-per-node=${gpus}`,
      `#SBATCH --nodelist=${hosts.join(',')}`,
      '#SBATCH --exclusive',
    ].join('\n');
  });
  const groups = sizes.length > 1 ? ` --het-group=0-${sizes.length - 1}` : '';
  return `${[
    '#!/usr/bin/env bash',
    components.join('\n#SBATCH hetjob\n'),
    `# ${commentText(origin)}`,
    'set -euo pipefail',
    `cd "\${SLURM_SUBMIT_DIR:-.}"`,
    `srun${groups} --ntasks-per-node=1 bash launch.sh "$@"`,
  ].join('\n')}\n`;
}

function readme(
  launcher: Launcher,
  { model, cluster, workload, stack }: Problem,
  plan: Plan,
  { origin, inputs }: RenderContext,
  own: readonly LaunchFile[],
): string {
  const { sequenceLength, globalBatchSize, precision, headroom } = workload;
  const check = [
    `shardwright estimate ${shellQuote(inputs.model)} ${shellQuote(inputs.cluster)} --from FOLDER --for ${launcher.id}`,
    `--stack ${stack.id} --seq-length ${sequenceLength} --global-batch ${globalBatchSize}`,
    `--precision ${precision} --headroom ${Number((100 * headroom).toFixed(6))}%`,
  ].join(' ');
  const runs = hostRuns(cluster, plan, launcher.rankOrder);
  const hosts = new Set(runs.map((run) => run.host)).size;
  const named = hosts === 1 || runs.every((run) => cluster.groups[run.group]!.nic.interface !== null);
  const names = own.map(({ path }) => `\`${path}\``).join(', ');
  return `${[
    `# ${commentText(model.name)} with ${launcher.name}`,
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
    ...(launcher.reader === undefined
      ? []
      : [
          `- Check: \`shardwright validate . --for ${launcher.id}\`; from where the plan was made, \`${commentText(check)}\`.`,
        ]),
    '- A host is known by any of its names and addresses; otherwise `SHARDWRIGHT_HOST=name bash launch.sh`.',
  ].join('\n')}\n`;
}

/** A file of KEY=value lines that \`eval\` and \`source\` read. */
export function environmentFile(values: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${shellQuote(String(value))}\n`)
    .join('');
}
