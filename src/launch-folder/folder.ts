import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { LaunchFile, RenderContext } from './launch-file.ts';
import { rankMap } from './rank-map.ts';
import { readme } from './readme.ts';
import type { Renderer } from './renderer.ts';
import { slurmJob } from './slurm-job.ts';

/** All files of a launch: the framework's own, and beside a script what every cluster asks for. */
export function launchFolder(
  framework: Renderer,
  problem: Problem,
  plan: Plan,
  context: RenderContext,
): LaunchFile[] {
  const own = framework.render(problem, plan, context);
  if (!own.some(({ path }) => path === 'launch.sh')) return [...own];
  return [
    ...own,
    { path: 'job.sbatch', content: slurmJob(framework, problem, plan, context) },
    { path: 'rank-map.csv', content: rankMap(problem, plan, framework.rankOrder) },
    { path: 'README.md', content: readme(framework, problem, plan, context, own) },
  ];
}
