import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';

/** One constraint of a framework. */
export type Rule = (problem: Problem, plan: Plan) => Reason | null;

export function firstBroken(rules: readonly Rule[], problem: Problem, plan: Plan): Reason | null {
  for (const rule of rules) {
    const reason = rule(problem, plan);
    if (reason !== null) return reason;
  }
  return null;
}
