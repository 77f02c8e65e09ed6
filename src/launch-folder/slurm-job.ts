import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { RenderContext } from './launch-file.ts';
import { commentText } from './quote.ts';
import { hostRuns } from './ranks.ts';
import type { Renderer } from './renderer.ts';

/**
 * Slurm gives nodes in its own order; launch.sh looks each host up in its table, so the order here does not matter. Hosts
 * with unlike numbers of GPUs are components of one heterogeneous job.
 */
export function slurmJob(
  { rankOrder }: Pick<Renderer, 'rankOrder'>,
  { cluster }: Problem,
  plan: Plan,
  { origin }: RenderContext,
): string {
  const gpusOf = new Map<string, number>();
  for (const { host, gpus } of hostRuns(cluster, plan, rankOrder))
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
