import type { ParallelDims } from '../domain/parallel-dims.ts';
import type { Techniques } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import { having } from '../techniques/index.ts';

const BOUND = having('reject');
const OF_DECODERS = having('ofDecoders');

/** The law that a technique breaks in stages of these degrees, each copy with so many micro-batches. */
export function techniqueLaw(
  problem: Problem,
  dims: ParallelDims,
  techniques: Techniques,
  microBatches: number,
): Reason | null {
  if (problem.model.unit !== undefined) {
    const odd = OF_DECODERS.find(({ of, off, format }) => format(of(techniques)) !== format(off));
    if (odd !== undefined)
      return {
        rule: odd.id,
        actual: `${odd.id}=${odd.format(odd.of(techniques))}`,
        limit: `${odd.format(odd.off)}: ${problem.model.name} is no decoder, but layers given by their figures`,
      };
  }
  for (const one of BOUND) {
    const broken = one.reject(one.of(techniques), problem, dims, microBatches, techniques);
    if (broken !== null) return broken;
  }
  return null;
}
