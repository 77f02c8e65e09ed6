import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { hostsHeader, networkExports } from '../../launch-folder/hosts-script.ts';
import { EXPERIMENT, environmentBlocks, visible } from './experiment.ts';
import { typedHosts } from './hostfile.ts';

/**
 * Starts this host alone, on every host at once: the `cloud` runner, told what the one over SSH reads from the hostfile. It
 * passes the environment on as it stands, so its sub-blocks go.
 */
export function script(problem: Problem, plan: Plan, origin: string): string {
  const hosts = typedHosts(problem.cluster, plan);
  const table = (name: string, values: readonly (string | number)[]) =>
    `${name}=(${values.map((value) => `'${value}'`).join(' ')})`;
  const set = (key: string, value: string) => `"${key}='${value}'"`;
  return `${[
    ...hostsHeader(problem.cluster, hosts, origin),
    ...networkExports(problem.cluster, hosts),
    table(
      'TYPES',
      hosts.map(({ type }) => type),
    ),
    table(
      'GPUS',
      hosts.map(({ gpus }) => gpus.length),
    ),
    table('VISIBLE', hosts.map(visible)),
    'export SHARDWRIGHT_FOLDER=$PWD',
    `cd "\${FLAGSCALE_PATH:?set FLAGSCALE_PATH to a checkout of FlagScale v0.9.0}"`,
    `exec python3 run.py --config-path "$SHARDWRIGHT_FOLDER" --config-name ${EXPERIMENT} action=run \\`,
    `  experiment.runner.type=cloud "++experiment.runner.node_rank=$NODE_RANK" \\`,
    `  ${set('++experiment.runner.master_addr', '$MASTER')} "++experiment.runner.master_port=\${MASTER_PORT:-29500}" \\`,
    `  "++experiment.runner.nproc_per_node=\${GPUS[NODE_RANK]}" \\`,
    `  ${set('experiment.envs.CUDA_VISIBLE_DEVICES', `\${VISIBLE[NODE_RANK]}`)} \\`,
    ...environmentBlocks(problem, plan).map((block) => `  '~experiment.envs.${block}' \\`),
    `  ${set('train.system.hetero.hetero_current_device_type', `\${TYPES[NODE_RANK]}`)} "$@"`,
  ].join('\n')}\n`;
}
