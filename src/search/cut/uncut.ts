import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { spread } from '../../plan-text/chunk-counts.ts';
import { type Candidate, withSome } from '../space/candidate.ts';
import { planFrom } from './plan-from.ts';

/** A candidate as a plan before its layers are cut, spread for now: for what does not depend on them. A technique that is to cover few layers covers one. */
export function uncutPlan(problem: Problem, candidate: Candidate): Plan {
  const { layout, choice } = candidate;
  const counts = spread(problem.model.layers.length, layout.pp * choice.vpp);
  return planFrom(problem, withSome(candidate, 1), counts);
}
