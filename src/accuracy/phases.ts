import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { contentOf } from '../evaluate/memory/content.ts';
import { termBytes } from '../evaluate/memory/gathered.ts';
import { flowOf, heldAt, shapeOf } from '../evaluate/memory/stage-memory.ts';
import { pipelineTime } from '../evaluate/time/pipeline-time.ts';
import { runStages } from '../evaluate/time/stage-run.ts';
import { stepTail } from '../evaluate/time/step-tail.ts';

/** Seconds of a step without a pipeline, as frameworks log them. */
export interface Phases {
  readonly forwardSeconds: number;
  readonly backwardSeconds: number;
  readonly optimizerSeconds: number;
}

/** Null: a pipeline's passes overlap, and have no time of their own. */
export function phasesOf(problem: Problem, plan: Plan): Phases | null {
  if (plan.pipelines.length > 1 || plan.pipelines[0]!.stages.length > 1) return null;
  const stages = runStages(problem, plan, 0);
  const [stage] = stages;
  const { forward, backward, microBatches } = stage!;
  const time = pipelineTime(problem, plan, plan.pipelines[0]!, stages);
  const tail = stepTail(problem, plan, [{ stages, time }]);
  const times = problem.stack.timeMultiplier.value;
  return {
    forwardSeconds: times * microBatches * forward[0]!,
    backwardSeconds: times * (microBatches * backward[0]! + tail.gradientReduce + tail.gradientFlush),
    optimizerSeconds: times * (tail.optimizer + tail.parameterGather),
  };
}

/** Allocated bytes of the fullest stage at one point of the step; null: no such point. */
export function allocatedAt(problem: Problem, plan: Plan, at: string): number | null {
  let most: number | null = null;
  for (const [index, { stages }] of plan.pipelines.entries()) {
    const runs = runStages(problem, plan, index);
    const flow = flowOf(plan.schedule, shapeOf(plan, stages.length, runs[0]!.microBatches));
    for (const [s, { blocks, ends, chunks }] of runs.entries())
      for (const { profile } of blocks) {
        const { layers, kinds } = problem.model;
        const content = contentOf(layers, kinds.length, chunks, profile.segments);
        const { fronts, ...kept } = flow[s]!;
        const { terms } = heldAt(profile, { chunks: content.length, ends, ...kept });
        const there = terms.filter(
          (term) => term.device === 'gpu' && (term.at as readonly string[]).includes(at),
        );
        if (there.length === 0) continue;
        for (const alive of fronts)
          most = Math.max(
            most ?? 0,
            there.reduce((sum, term) => sum + termBytes(term, content, alive), 0),
          );
      }
  }
  return most;
}
