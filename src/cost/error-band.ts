import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { provenanceOf } from './confidence.ts';

/** Relative error expected of a step time, by the weakest figure it rests on and the width of its stack. */
export function errorBand(problem: Problem, plan: Plan): number {
  const base = { measured: 0.05, fitted: 0.08, datasheet: 0.12, assumed: 0.2 }[provenanceOf(problem, plan)];
  return Math.hypot(base, problem.stack.timeMultiplier.width);
}
