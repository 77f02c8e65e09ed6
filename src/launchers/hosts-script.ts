import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { commentText, shellQuote } from './quote.ts';
import { hostRuns, type RankOrder } from './ranks.ts';

export interface HostsScript {
  readonly problem: Problem;
  readonly plan: Plan;
  /** Left out: as Megatron-LM numbers ranks. */
  readonly rankOrder?: RankOrder;
  readonly origin: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Lines before the start of torchrun. */
  readonly prepare: readonly string[];
  /** What torchrun runs: already words of bash. */
  readonly program: string;
}

/**
 * A script to start on every host at once. Rank order decides which GPUs hold which stage, so the rendezvous is static
 * and each host finds its place in a table: torchrun's c10d rendezvous would sort the hosts by name.
 */
export function hostsScript(script: HostsScript): string {
  const { problem, plan, rankOrder, origin, environment, prepare, program } = script;
  const hosts = hostRuns(problem.cluster, plan, rankOrder);
  const { gpus } = hosts[0]!;
  const alike = hosts.every((run) => run.gpus === gpus);
  const perNode = alike ? String(gpus) : `"\${GPUS[NODE_RANK]}"`;
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}=${shellQuote(value)}`);
  const wide = hosts.some((run) => run.firstGpu !== 0);
  const pin = wide
    ? [
        `FIRST_GPU=(${hosts.map((run) => run.firstGpu).join(' ')})`,
        `export CUDA_VISIBLE_DEVICES=$(seq -s, "\${FIRST_GPU[NODE_RANK]}" "$((FIRST_GPU[NODE_RANK] + ${alike ? gpus : 'GPUS[NODE_RANK]'} - 1))")`,
      ]
    : [];
  return `${[
    ...hostsHeader(
      hosts.map((run) => run.host),
      origin,
    ),
    ...(alike ? [] : [`GPUS=(${hosts.map((run) => run.gpus).join(' ')})`]),
    ...linkExports(problem, plan),
    ...exports,
    ...pin,
    ...prepare,
    `exec torchrun --nnodes ${hosts.length} --nproc-per-node ${perNode} --node-rank "$NODE_RANK" \\`,
    `  --master-addr "\${HOSTS[0]}" --master-port "\${MASTER_PORT:-29500}" \\`,
    `  ${program}`,
  ].join('\n')}\n`;
}

/** The head of a script that finds its host in a table and sets NODE_RANK. */
export function hostsHeader(hosts: readonly string[], origin: string): string[] {
  return [
    '#!/usr/bin/env bash',
    `# ${commentText(origin)}`,
    '# Start on every host of the table, for example: srun --ntasks-per-node=1 bash launch.sh',
    '# Hosts stand in pipeline order; do not sort them.',
    'set -euo pipefail',
    `cd "$(dirname "\${BASH_SOURCE[0]}")"`,
    'HOSTS=(',
    ...hosts.map((host) => `  ${shellQuote(host)}`),
    ')',
    `ME=\${SHARDWRIGHT_HOST:-$(hostname -s)}`,
    'NODE_RANK=',
    `for i in "\${!HOSTS[@]}"; do`,
    `  if [ "\${HOSTS[i]}" = "$ME" ]; then NODE_RANK=$i; fi`,
    'done',
    `: "\${NODE_RANK:?$ME is not in the plan}"`,
  ];
}

/** What the networks in use ask of NCCL or RCCL, on every host alike; a value that is set already stays. */
export function linkExports({ cluster }: Problem, plan: Plan): string[] {
  const runs = hostRuns(cluster, plan);
  if (new Set(runs.map(({ host }) => host)).size === 1) return [];
  const variables = new Map(
    runs.flatMap(({ group }) => Object.entries(cluster.groups[group]!.nic.link.environment)),
  );
  return [...variables]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `export ${name}="\${${name}:-${value}}"`);
}
