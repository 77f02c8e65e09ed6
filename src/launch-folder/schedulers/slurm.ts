import { CARRIED_OVER, type SbatchOptions, WHOLE_JOB } from '../../domain/sbatch.ts';
import { commentText } from '../quote.ts';
import { namesLeftOpen } from '../used-hosts.ts';
import type { Launch, Scheduler, Written } from './scheduler.ts';
import { type Component, componentsOf } from './slurm-components.ts';

/**
 * Slurm: `job.sbatch`. Neighbours in the order of ranks that are asked for alike are one component: one is a plain job,
 * several a heterogeneous one, whose steps number nodes over the components in their order (SLURM_NODEID; Slurm 284c3b9,
 * src/slurmd/slurmstepd/task.c and src/common/env.c).
 */
export const slurm: Scheduler = {
  id: 'slurm',
  name: 'Slurm',
  containers: false,
  write(launch) {
    const components = componentsOf(launch.problem.cluster, launch.hosts);
    if ('rule' in components) return components;
    const { list, typesAssumed } = components;
    return {
      file: { path: 'job.sbatch', content: job(launch, list, typesAssumed) },
      start: '`sbatch job.sbatch`, in this folder, which all hosts must see.',
      notes: notesOn(launch, list, typesAssumed),
    };
  },
};

function job(launch: Launch, list: readonly Component[], typesAssumed: boolean): string {
  const { problem, context, hosts } = launch;
  const asked = list.map((component, i) => directives(component, list[i - 1]).join('\n'));
  const nodes = list.length > 1 ? '$SLURM_JOB_NODELIST_HET_GROUP_0' : '$SLURM_JOB_NODELIST';
  const master = [
    "# Slurm chooses the hosts: the first of the first component is everyone's master.",
    `read -r SHARDWRIGHT_MASTER < <(scontrol show hostnames "${nodes}")`,
    'export SHARDWRIGHT_MASTER',
  ];
  return `${[
    '#!/usr/bin/env bash',
    asked.join('\n#SBATCH hetjob\n'),
    `# ${commentText(context.origin)}`,
    ...(typesAssumed ? ['# GPU types are assumed: put those of gres.conf in their place.'] : []),
    'set -euo pipefail',
    `cd "\${SLURM_SUBMIT_DIR:-.}"`,
    ...(namesLeftOpen(problem.cluster, hosts) ? master : []),
    ...PORT,
    step(list),
  ].join('\n')}\n`;
}

const PORT = [
  '# Jobs that share a host do not share a port.',
  `export MASTER_PORT="\${MASTER_PORT:-$((10000 + SLURM_JOB_ID % 10000))}"`,
];

/** Lines of one component; `before`: the one whose options it takes over. */
function directives({ options, gpus, hosts, named }: Component, before: Component | undefined): string[] {
  const said = Object.entries(options)
    .filter(([key, value]) => {
      if (key === gpus.key || value === false) return false;
      if (before === undefined) return true;
      return !WHOLE_JOB.has(key) && !(CARRIED_OVER.has(key) && before.options[key] === value);
    })
    .sort(([a], [b]) => Number(CARRIED_OVER.has(b)) - Number(CARRIED_OVER.has(a)) || (a < b ? -1 : 1))
    .map(([key, value]) => (value === true ? `--${key}` : `--${key}=${quoted(String(value))}`));
  return [
    ...said,
    `--nodes=${hosts.length}`,
    '--ntasks-per-node=1',
    `--${gpus.key}=${gpus.value}`,
    ...(named ? [`--nodelist=${hosts.map(({ host }) => host).join(',')}`] : []),
    ...(options.exclusive === undefined && options.oversubscribe === undefined ? ['--exclusive'] : []),
  ].map((option) => `#SBATCH ${option}`);
}

/** Quotes group a word of a directive, and `#` outside them ends it (src/sbatch/opt.c, get_argument). */
const quoted = (value: string) => (/[\s#']/.test(value) ? `"${value}"` : value);

/** One step over all components. Since Slurm 22.05 srun does not take over the job's --cpus-per-task. */
function step(list: readonly Component[]): string {
  const cpus = list.map(({ options }) => cpusOf(options));
  const [first] = cpus as [string, ...string[]];
  const launch = 'bash launch.sh "$@"';
  if (list.length === 1) return `srun --ntasks-per-node=1${first} ${launch}`;
  const all = list.map((_, i) => i).join(',');
  if (cpus.every((one) => one === first))
    return `srun --het-group=${all} --ntasks-per-node=1${first} ${launch}`;
  // What is said after the last component runs on those before it too (heterogeneous_jobs, "Launching Applications").
  return `srun ${cpus.map((one, i) => `--het-group=${i} --ntasks-per-node=1${one}`).join(' : ')} ${launch}`;
}

const cpusOf = (options: SbatchOptions) =>
  options['cpus-per-task'] === undefined ? '' : ` --cpus-per-task=${options['cpus-per-task']}`;

function notesOn(
  { problem, plan, hosts }: Launch,
  list: readonly Component[],
  typesAssumed: boolean,
): Written['notes'] {
  const stated = list.some(({ options }) => Object.keys(options).length > 0);
  const parts = list.map(({ hosts, gpuType }) => `${hosts.length} × ${gpuType}`).join(', ');
  return [
    ...(list.length > 1
      ? [
          `\`job.sbatch\` is a heterogeneous job, components in pipeline order: ${parts}. Only the backfill scheduler starts such jobs, and \`SchedulerParameters\` must not have \`disable_hetjob_steps\`.`,
        ]
      : []),
    ...(typesAssumed
      ? [
          '**GPU types of `job.sbatch` are assumed**: state partition, constraint or `gpus-per-node` under `slurm:` of each node group, or `--sbatch GROUP:gpus-per-node=TYPE`.',
        ]
      : []),
    ...(stated
      ? []
      : [
          'Partition, account, time, cpus and memory: `slurm:` in the cluster file, or `--sbatch KEY=VALUE` of `emit`.',
        ]),
    ...(plan.nodeOrder !== null && namesLeftOpen(problem.cluster, hosts)
      ? ['The order of nodes by measured links is lost: the cluster file must name the hosts.']
      : []),
  ];
}
