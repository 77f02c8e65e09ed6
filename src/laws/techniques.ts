import type { ParallelDims } from '../domain/parallel-dims.ts';
import type { Techniques } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import { having } from '../techniques/index.ts';

const BOUND = having('reject');

/** The law that a technique breaks in stages of these degrees, each copy with so many micro-batches. */
export function techniqueLaw(
  problem: Problem,
  dims: ParallelDims,
  techniques: Techniques,
  microBatches: number,
): Reason | null {
  for (const one of BOUND) {
    const broken = one.reject(one.of(techniques), problem, dims, microBatches, techniques);
    if (broken !== null) return broken;
  }
  return null;
}
