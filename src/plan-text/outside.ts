import type { Techniques } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import { having } from '../techniques/index.ts';

const RANGED = having('outside');

/** The law that a stated value breaks on every plan of the problem. */
export function outsideLaw(problem: Problem, techniques: Techniques): Reason | null {
  for (const one of RANGED) {
    const broken = one.outside(one.of(techniques), problem);
    if (broken !== null) return broken;
  }
  return null;
}
