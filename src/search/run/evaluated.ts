import { layersOf } from '../../domain/plan.ts';
import { estimate } from '../../evaluate/estimate.ts';
import { judge } from '../../partition/problem.ts';
import { planFrom } from '../cut/plan-from.ts';
import type { Realised } from '../cut/realise.ts';
import type { Candidate } from '../space/candidate.ts';
import { type Evaluated, NEAR } from './kept.ts';
import type { Run } from './run.ts';

type Costing = Pick<Run, 'problem' | 'options' | 'book'>;

export function evaluated(
  { problem, options, book }: Costing,
  candidate: Candidate,
  realised: Realised,
): Evaluated {
  const costed = estimate(problem, realised.plan, book.profiles);
  return {
    value: options.objective.value(realised.plan, costed),
    family: candidate.layout.family,
    candidate,
    realised,
    estimate: costed,
  };
}

/**
 * Moves single layers over stage boundaries as long as the evaluator says that it helps: a cut is chosen for what a pipeline
 * takes by its slowest stage and the sum of all, and the schedule, played out, may tell near ones apart.
 */
export function settled(run: Costing, start: Evaluated): Evaluated {
  const { candidate, realised } = start;
  const { choice, layout } = candidate;
  const { cut, partition } = realised;
  if (
    cut === null ||
    partition === null ||
    start.family === 'several-pipelines' ||
    layout.pp === 1 ||
    choice.vpp > 1
  )
    return start;
  // Techniques may have been limited to the layers that need them.
  const fixed = { layout, choice: { ...choice, techniques: realised.plan.techniques } };
  const moved = (layers: readonly number[]): Evaluated | null => {
    const objective = judge(partition, layers)?.objectiveSeconds ?? Number.POSITIVE_INFINITY;
    if (objective > cut.objectiveSeconds * (1 + NEAR)) return null;
    const plan = planFrom(run.problem, fixed, layers);
    if (run.options.launcher?.reject(run.problem, plan)) return null;
    const next = evaluated(run, candidate, { ...realised, plan, settled: true });
    return next.estimate.verdict === 'does-not-fit' ? null : next;
  };
  let best = start;
  for (let found = true; found; ) {
    found = false;
    for (let boundary = 1; boundary < layout.pp; boundary++) {
      for (const way of [1, -1]) {
        const layers = best.realised.plan.pipelines[0]!.stages.map(layersOf);
        layers[boundary - 1]! += way;
        layers[boundary]! -= way;
        const next = moved(layers);
        if (next === null || next.value >= best.value) continue;
        best = next;
        found = true;
      }
    }
  }
  return best;
}
