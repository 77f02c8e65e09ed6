import { isNarrow } from '../domain/dtype.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { isMoe, weakTimes } from '../layers/layer.ts';
import { provenanceOf } from './confidence.ts';
import { scalingWidth } from './measured/told.ts';

/** Mean absolute error of step time by kind of run, on sources left out while fitting (docs/accuracy.md). */
const RESIDUAL = {
  dense: 0.09,
  narrow: 0.09,
  sparse: 0.15,
  // Of runs of hybrids, on none of which anything was fitted: their steps come out short.
  weak: 0.3,
} as const;

/** What figures that were not measured on that hardware add. */
const PROVENANCE_WIDTH = { measured: 0, fitted: 0.02, datasheet: 0.05, assumed: 0.15 } as const;

/**
 * Relative error to expect of a step time, one side: residuals of that kind of run, the weakest figure it rests on, the
 * width of its software stack, and how far its layers are from what a profile measured, taken as independent.
 */
export function errorBand(problem: Problem, plan: Plan): number {
  const { precision } = problem.workload;
  const others = isMoe(problem.model) ? 'sparse' : isNarrow(precision) ? 'narrow' : 'dense';
  const kind = weakTimes(problem.model).length > 0 ? 'weak' : others;
  return Math.hypot(
    RESIDUAL[kind],
    PROVENANCE_WIDTH[provenanceOf(problem, plan)],
    problem.stack.timeMultiplier.width,
    scalingWidth(problem, plan),
  );
}
