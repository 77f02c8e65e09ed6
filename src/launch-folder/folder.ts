import { InputError } from '../domain/input-error.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { LaunchFile, RenderContext } from './launch-file.ts';
import { rankMap } from './rank-map.ts';
import { readme } from './readme.ts';
import type { Renderer } from './renderer.ts';
import type { Launch, Scheduler } from './schedulers/scheduler.ts';
import { slurm } from './schedulers/slurm.ts';
import { usedHosts } from './used-hosts.ts';

/** Whose files stand beside the framework's. */
export interface Scheduling {
  readonly schedulers: readonly Scheduler[];
  /** One that cannot hold the plan is an error; otherwise the README says why its files are missing. */
  readonly each: boolean;
  /** Container image; null: not stated. */
  readonly image: string | null;
}

const SLURM_ONLY: Scheduling = { schedulers: [slurm], each: true, image: null };

/**
 * All files of a launch: the framework's own, and beside a script what every cluster asks for. Throws InputError where a
 * scheduler that was asked for cannot hold the plan, or `asked` would be ignored. Without it: files for Slurm.
 */
export function launchFolder(
  framework: Renderer,
  problem: Problem,
  plan: Plan,
  context: RenderContext,
  asked?: Scheduling,
): LaunchFile[] {
  const own = framework.render(problem, plan, context);
  if (!own.some(({ path }) => path === 'launch.sh')) {
    if (asked === undefined) return [...own];
    throw new InputError({
      message: `a scheduler for ${framework.name}, which starts nothing`,
      expected: 'a launcher with a launch.sh',
      hint: 'Maybe --to megatron, or no flags of a scheduler.',
    });
  }
  const { schedulers, each, image } = asked ?? SLURM_ONLY;
  const hosts = usedHosts(problem.cluster, plan, framework.rankOrder);
  const launch: Launch = { framework, problem, plan, hosts, context, own, image };
  const starts = schedulers.map((scheduler) => ({ scheduler, outcome: scheduler.write(launch) }));
  for (const { scheduler, outcome } of starts)
    if (each && 'rule' in outcome)
      throw new InputError({
        message: `${scheduler.name} cannot start this plan: ${outcome.actual}`,
        expected: outcome.limit,
        ...(outcome.hint === undefined ? {} : { hint: outcome.hint }),
      });
  return [
    ...own,
    ...starts.flatMap(({ outcome }) => ('rule' in outcome ? [] : [outcome.file])),
    { path: 'rank-map.csv', content: rankMap(problem, plan, framework.rankOrder) },
    { path: 'README.md', content: readme(framework, launch, starts) },
  ];
}
