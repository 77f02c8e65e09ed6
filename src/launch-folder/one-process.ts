import type { Cluster } from '../domain/cluster.ts';
import type { Plan } from '../domain/plan.ts';
import { exportsOf } from './hosts-script.ts';
import type { LaunchFile } from './launch-file.ts';
import { commentText } from './quote.ts';
import { hostRuns } from './ranks.ts';

/** `launch.sh` of one process on one host, which starts `train.py` beside it on the plan's GPUs in the order of its stages. */
export function oneProcess(
  cluster: Cluster,
  plan: Plan,
  origin: string,
  {
    prepare = [],
    environment = {},
  }: { readonly prepare?: readonly string[]; readonly environment?: Readonly<Record<string, string>> } = {},
): LaunchFile {
  const { host, gpus } = hostRuns(cluster, plan)[0]!;
  const lines = [
    '#!/usr/bin/env bash',
    `# ${commentText(origin)}`,
    `# Start on ${commentText(host)}, once.`,
    'set -euo pipefail',
    `cd "$(dirname "\${BASH_SOURCE[0]}")"`,
    ...prepare,
    ...exportsOf({ ...environment, CUDA_VISIBLE_DEVICES: gpus.join(',') }),
    'exec python train.py "$@"',
  ];
  return { path: 'launch.sh', executable: true, content: `${lines.join('\n')}\n` };
}
