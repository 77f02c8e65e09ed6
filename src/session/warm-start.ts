import type { PlanFile } from '../catalogue/plan-file.ts';
import { deviceCount } from '../domain/cluster.ts';
import { InputError } from '../domain/input-error.ts';
import { devicesOf, sequencesOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { TIE } from '../domain/tie.ts';
import { estimate } from '../evaluate/estimate.ts';
import { planLaw } from '../laws/plan.ts';
import { batchOnce } from '../laws/sound.ts';
import { isHeld, type SearchOptions } from '../search/space/options.ts';

/**
 * A value that the search is sure to reach: that of the last of the `top` best plans of an earlier run which fit this
 * problem and are allowed here, or where their ties end. It removes work, never a plan.
 */
export function warmThreshold(
  { plans, document }: PlanFile,
  problem: Problem,
  options: Pick<SearchOptions, 'top' | 'ties' | 'objective' | 'launcher' | 'fix' | 'max' | 'maxGpus'>,
): number {
  // Held dimensions, or a smaller cluster, could forbid plans of the file: then it says nothing.
  if (isHeld(options.fix) || isHeld(options.max) || options.maxGpus !== Number.POSITIVE_INFINITY)
    return Number.POSITIVE_INFINITY;
  const layers = problem.model.layers.length;
  const values = plans.flatMap(({ plan, rank }) => {
    const last = Math.max(
      ...plan.pipelines.flatMap((p) => p.stages.flatMap((s) => s.chunks.map((c) => c.end))),
    );
    const batch = plan.pipelines.reduce((sum, { stages }) => sum + sequencesOf(stages[0]!), 0);
    if (
      last !== layers ||
      batch !== problem.workload.globalBatchSize ||
      devicesOf(plan) > deviceCount(problem.cluster)
    ) {
      throw new InputError({
        message: `--warm-start: plan ${rank} of ${document.path} is for another model, batch or cluster`,
        expected: `${layers} layers, global batch ${problem.workload.globalBatchSize}, at most ${deviceCount(problem.cluster)} GPUs`,
        at: document.locate('/plans'),
      });
    }
    // Of another cluster, or edited: what cannot run says nothing.
    if ((planLaw(problem, plan) ?? batchOnce(problem, plan)) !== null) return [];
    if ((options.launcher?.reject(problem, plan) ?? null) !== null) return [];
    const costed = estimate(problem, plan);
    return costed.verdict === 'does-not-fit' ? [] : [options.objective.value(plan, costed)];
  });
  const known = [...values].sort((a, b) => a - b);
  if (known.length < options.top) return Number.POSITIVE_INFINITY;
  const last = known[options.top - 1]!;
  return options.ties === 0 ? last : Math.max(last, known[0]! * (1 + TIE));
}
