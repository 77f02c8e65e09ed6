import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { deviceOrder, exportsOf, hostsHeader, networkExports } from '../../launch-folder/hosts-script.ts';
import { REPLICA_BY_REPLICA, seatsOf } from '../../launch-folder/ranks.ts';

/** Starts, on each host of the table, one process for each of its GPUs: ranks need not lie together on a host. */
export function processScript(problem: Problem, plan: Plan, origin: string): string {
  const hosts = new Map<string, { groups: [number, ...number[]]; gpus: number[]; ranks: number[] }>();
  const seats = seatsOf(problem.cluster, plan, REPLICA_BY_REPLICA);
  for (const [rank, { host, group, gpu }] of seats.entries()) {
    const entry = hosts.get(host) ?? { groups: [group], gpus: [], ranks: [] };
    entry.gpus.push(gpu);
    entry.ranks.push(rank);
    if (!entry.groups.includes(group)) entry.groups.push(group);
    hosts.set(host, entry);
  }
  const table = [...hosts].map(([host, { groups }]) => ({ host, groups }));
  return `${[
    ...hostsHeader(problem.cluster, table, origin),
    '# Global ranks of each host, and the GPUs they take.',
    'RANKS=(',
    ...[...hosts.values()].map(({ ranks }) => `  '${ranks.join(' ')}'`),
    ')',
    'GPUS=(',
    ...[...hosts.values()].map(({ gpus }) => `  '${gpus.join(' ')}'`),
    ')',
    `read -r -a MY_RANKS <<< "\${RANKS[NODE_RANK]}"`,
    `read -r -a MY_GPUS <<< "\${GPUS[NODE_RANK]}"`,
    ...networkExports(problem.cluster, table),
    ...exportsOf(deviceOrder(problem.cluster, table)),
    'mapfile -t ARGS < arguments.txt',
    `export MASTER_ADDR="$MASTER" MASTER_PORT="\${MASTER_PORT:-29500}" WORLD_SIZE=${seats.length} LOCAL_RANK=0`,
    `cd "\${HEXISCALE_PATH:?set HEXISCALE_PATH to a checkout of HexiScale (FlashFlex)}"`,
    `for i in "\${!MY_RANKS[@]}"; do`,
    `  RANK="\${MY_RANKS[i]}" CUDA_VISIBLE_DEVICES="\${MY_GPUS[i]}" python3 llama_train.py "\${ARGS[@]}" "$@" &`,
    'done',
    '# One process that fails ends them all.',
    `for _ in "\${MY_RANKS[@]}"; do`,
    '  wait -n || { jobs -p | xargs -r kill 2> /dev/null || true; exit 1; }',
    'done',
  ].join('\n')}\n`;
}
