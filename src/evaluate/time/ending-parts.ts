import { type Parts, total } from '../../domain/estimate.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { besideParts } from './beside-parts.ts';
import { outerTime } from './outer-sync.ts';
import { imbalanceSeconds } from './packing-imbalance.ts';
import type { PipelineTime } from './pipeline-time.ts';
import type { StageRun } from './stage-run.ts';
import type { StepTail } from './step-tail.ts';

/** A pipeline of a plan on the clock. */
export interface TimedPipeline {
  readonly stages: readonly StageRun[];
  readonly time: PipelineTime;
}

/** What follows the last backward. */
export function endingParts(
  problem: Problem,
  plan: Plan,
  pipelines: readonly TimedPipeline[],
  tail: StepTail,
): Parts {
  const { stages } = pipelines[tail.criticalPipeline]!;
  const waited = imbalanceSeconds(problem, plan, tail.criticalPipeline, stages);
  const parts = {
    ...(waited > 0 ? { 'unlike packed samples': waited } : {}),
    'gradient reduction': tail.gradientReduce,
    ...(tail.gradientFlush > 0 ? { 'gradients to the host': tail.gradientFlush } : {}),
    'parameter gathering': tail.parameterGather,
    optimizer: tail.optimizer,
    ...besideParts(problem, plan, pipelines),
    'step overhead': problem.stack.host.secondsPerStep,
  };
  const islands = pipelines.map((one) => one.stages);
  // What a stack takes longer than its kernels is none of the way between islands.
  const factor = problem.stack.timeMultiplier.value;
  const outer = outerTime(problem, plan, islands, factor * (tail.pipelineSeconds + total(parts)));
  return outer === null ? parts : { ...parts, 'outer synchronisation': outer.perStep / factor };
}
