import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { placed } from './placed.ts';
import type { ProfileCache } from './stage-profile.ts';
import { isAlone, pipelineTime } from './time/pipeline-time.ts';
import { runStages, type StageRun } from './time/stage-run.ts';
import { stepTail } from './time/step-tail.ts';

/**
 * Seconds of a step at least, without playing its schedule: each stage is busy with its own passes, and what follows the last
 * of them is what the evaluator says.
 */
export function leastStep(given: Problem, plan: Plan, cache: ProfileCache): number {
  const problem = placed(given, plan);
  const pipelines = plan.pipelines.map((pipeline, index) => {
    const stages = runStages(problem, plan, index, cache);
    const time = isAlone(pipeline)
      ? pipelineTime(problem, plan, pipeline, stages)
      : { finishSeconds: stages.map(busySeconds) };
    return { stages, time };
  });
  const { pipelineSeconds, gradientReduce, gradientFlush, parameterGather, optimizer } = stepTail(
    problem,
    plan,
    pipelines,
  );
  const { host, timeMultiplier } = problem.stack;
  const seconds = pipelineSeconds + gradientReduce + gradientFlush + parameterGather + optimizer;
  return (seconds + host.secondsPerStep) * timeMultiplier.value;
}

function busySeconds({ forward, backward, microBatches }: StageRun): number {
  return forward.reduce((sum, seconds, chunk) => sum + seconds + backward[chunk]!, 0) * microBatches;
}
