import { commentText, shellQuote } from './quote.ts';
import type { HostRun } from './ranks.ts';

export interface HostsScript {
  readonly hosts: readonly HostRun[];
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
export function hostsScript({ hosts, origin, environment, prepare, program }: HostsScript): string {
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
