import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { spread } from '../../plan-text/chunk-counts.ts';
import { TECHNIQUES } from '../../techniques/index.ts';
import type { Candidate } from '../space/candidate.ts';
import { planFrom } from './plan-from.ts';

/** A candidate as a plan before its layers are cut, spread for now: for what does not depend on them. A technique that is to cover few layers covers one. */
export function uncutPlan(problem: Problem, { layout, choice }: Candidate): Plan {
  const one = TECHNIQUES.find(({ id }) => id === choice.fewest);
  const techniques =
    one === undefined
      ? choice.techniques
      : one.set(choice.techniques, one.limit!.with(one.of(choice.techniques), 1));
  const counts = spread(problem.model.layers.length, layout.pp * choice.vpp);
  return planFrom(problem, { layout, choice: { ...choice, techniques, fewest: null } }, counts);
}
