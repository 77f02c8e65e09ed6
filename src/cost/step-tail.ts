import { type Ends, endsOf, type Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { collectiveSeconds, pointToPointSeconds } from '../hardware/collective.ts';
import { mergeSpans, spanAcross } from '../hardware/span.ts';
import type { LocalParameters } from '../memory/operator-memory.ts';
import { endParameters } from '../memory/stage-terms.ts';
import { neighbourSpan } from './boundary.ts';
import { stepEnd } from './gradient-sync.ts';
import type { PipelineTime } from './pipeline-time.ts';
import { memoryOf } from './stage-memory.ts';
import type { BlockRun, StageRun } from './stage-run.ts';

/** What follows the last backward, and which pipeline it follows. Seconds. */
export interface StepTail {
  readonly criticalPipeline: number;
  /** Until the last backward of the stage that ends the step. */
  readonly pipelineSeconds: number;
  readonly gradientReduce: number;
  readonly parameterGather: number;
  readonly optimizer: number;
}

/**
 * Each stage reduces its gradients when its own last backward is done: early stages finish last, late ones hide their
 * reduction behind them. The step ends when the last of them has; then optimizer and gathering, the slowest stage each.
 */
export function stepTail(
  problem: Problem,
  plan: Plan,
  pipelines: readonly { stages: readonly StageRun[]; time: PipelineTime }[],
): StepTail {
  let end = -1;
  let tail = { criticalPipeline: 0, pipelineSeconds: 0, gradientReduce: 0 };
  let parameterGather = 0;
  let optimizer = 0;
  for (const [index, { stages, time }] of pipelines.entries()) {
    const ends = endsOf(plan, plan.pipelines[index]!);
    for (const [s, stage] of stages.entries()) {
      const finish = time.finishSeconds[s] ?? 0;
      const step = blockEnds(problem, plan, stages, stage, ends[s]!);
      parameterGather = Math.max(parameterGather, step.parameterGather);
      optimizer = Math.max(optimizer, step.optimizer);
      const tied = s === 0 && stages.length > 1 ? tiedEmbedding(problem, stages) : 0;
      const reduce = step.gradientReduce + tied + acrossPipelines(problem, plan, stage, ends[s]!);
      if (finish + reduce > end) {
        end = finish + reduce;
        tail = { criticalPipeline: index, pipelineSeconds: finish, gradientReduce: reduce };
      }
    }
  }
  return { ...tail, parameterGather, optimizer };
}

function blockEnds(problem: Problem, plan: Plan, stages: readonly StageRun[], stage: StageRun, ends: Ends) {
  const spans = {
    gradient: mergeSpans(
      stage.blocks.map((run) => run.profile.context.spans.gradient),
      stage.blocks.length > 1,
    ),
    expertData: mergeSpans(
      stage.blocks.map((run) => run.profile.context.spans.expertData),
      stage.blocks.length > 1,
    ),
  };
  const all = { gradientReduce: 0, parameterGather: 0, optimizer: 0 };
  for (const run of stage.blocks) {
    const rounds = hidingMicroBatches(plan, stages.length, stage.microBatches);
    const pass = {
      forwardSeconds: run.forward.reduce((a, b) => a + b, 0) * rounds,
      backwardSeconds: run.backward.reduce((a, b) => a + b, 0) * rounds,
    };
    const parameters = blockParameters(problem, run, ends);
    const one = stepEnd(run.profile.context, parameters, spans, pass, stages.length > 1);
    all.gradientReduce = Math.max(all.gradientReduce, one.gradientReduce);
    all.parameterGather = Math.max(all.parameterGather, one.parameterGather);
    all.optimizer = Math.max(all.optimizer, one.optimizer);
  }
  return all;
}

/**
 * Pipelines of different depth hold the same layers on different stages: after each has reduced among its own replicas,
 * every GPU all-reduces its share with its peers in the other pipelines.
 */
function acrossPipelines(problem: Problem, plan: Plan, stage: StageRun, ends: Ends): number {
  if (plan.pipelines.length === 1) return 0;
  const used = plan.pipelines.map((pipeline) => pipeline.stages[0]!.replicas[0]!.group);
  let slowest = 0;
  for (const run of stage.blocks) {
    const { context } = run.profile;
    const { dense, expert } = blockParameters(problem, run, ends);
    const bytes = Math.min(problem.stack.state.gradients, 4) * (dense + expert);
    const share = bytes / context.spans.gradient.size;
    const flows = context.spans.gradient.size * context.local.tensorParallel;
    const span = spanAcross(problem.cluster, used, flows);
    slowest = Math.max(slowest, collectiveSeconds(span, 'allReduce', share, context.c));
  }
  return slowest;
}

/**
 * Micro-batches behind whose passes gradient reduction and parameter gathering can hide. Plain schedules: the last (or
 * first) one. Interleaved: a chunk's gradients are done when its last round ends, and v − 1 chunks of that round follow.
 */
function hidingMicroBatches(plan: Plan, stages: number, microBatches: number): number {
  const v = plan.schedule.virtualStages;
  return 1 + ((Math.min(stages, microBatches) - 1) * (v - 1)) / v;
}

/** Parameters one GPU of a block holds. */
function blockParameters(problem: Problem, run: BlockRun, ends: Ends): LocalParameters {
  let { dense, expert } = endParameters(problem, memoryOf(run.profile), ends).all;
  for (const chunk of run.content) {
    for (const [segment, counts] of chunk.entries()) {
      for (const [kind, count] of counts.entries()) {
        const { parameters } = run.profile.layers[segment]![kind]!.memory;
        dense += count * parameters.dense;
        expert += count * parameters.expert;
      }
    }
  }
  return { dense, expert };
}

/** First and last stage each hold the tied embedding: its gradient is all-reduced between the two once per step. */
function tiedEmbedding(problem: Problem, stages: readonly StageRun[]): number {
  if (!problem.model.tiedEmbeddings || stages[0]!.blocks[0]!.profile.context.local.vocabularyShards > 1)
    return 0;
  const { profile } = stages[0]!.blocks[0]!;
  const { context } = profile;
  const bytes = Math.min(4, problem.stack.state.gradients) * profile.embedding.memory.largest;
  const span = neighbourSpan(profile, false);
  return Math.max(
    collectiveSeconds(span, 'allReduce', bytes, context.c),
    pointToPointSeconds(span, bytes, context.c),
  );
}
