import type { Estimate } from '../../domain/estimate.ts';
import { layersOf, type Plan } from '../../domain/plan.ts';
import { judge } from '../../partition/problem.ts';
import type { Candidate } from '../space/candidate.ts';
import type { Realised } from './realise.ts';

/** A plan with what the evaluator says of it. */
export interface Costed {
  readonly value: number;
  readonly realised: Realised;
  readonly estimate: Estimate;
}

/** A cut that the objective puts this share behind the best one is not asked for. */
const NEAR = 0.05;

/**
 * Moves single layers over stage boundaries as long as the evaluator says that it helps: a cut is chosen for what a pipeline
 * takes by its slowest stage and the sum of all, and the schedule, played out, may tell near ones apart. `plan` writes a cut
 * out, `cost` is null for one that does not fit or may not run.
 */
export function settled<C extends Costed>(
  { choice, layout }: Candidate,
  start: C,
  plan: (layers: readonly number[]) => Plan,
  cost: (realised: Realised) => C | null,
): C {
  const { cut, partition } = start.realised;
  if (cut === null || layout.pp === 1 || choice.vpp > 1) return start;
  let best = start;
  for (let moved = true; moved; ) {
    moved = false;
    for (let boundary = 1; boundary < layout.pp; boundary++) {
      for (const way of [1, -1]) {
        const layers = best.realised.plan.pipelines[0]!.stages.map(layersOf);
        layers[boundary - 1]! += way;
        layers[boundary]! -= way;
        const objective = judge(partition, layers)?.objectiveSeconds ?? Number.POSITIVE_INFINITY;
        if (objective > cut.objectiveSeconds * (1 + NEAR)) continue;
        const next = cost({ ...start.realised, plan: plan(layers) });
        if (next === null || next.value >= best.value) continue;
        best = { ...next, realised: { ...next.realised, settled: true } };
        moved = true;
      }
    }
  }
  return best;
}
