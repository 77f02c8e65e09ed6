import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { collectiveSeconds, pointToPointSeconds } from '../../hardware/collective.ts';
import { neighbours, spanAcross } from '../../hardware/span.ts';
import { streamSeconds } from '../../hardware/stream.ts';
import { holdingsOf, TECHNIQUES } from '../../techniques/index.ts';
import { expose } from '../../techniques/overlap.ts';
import { gradientBytes } from '../../techniques/zero.ts';
import { ownedByStage } from '../memory/owned-by-stage.ts';
import type { PipelineTime } from './pipeline-time.ts';
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
    for (const [s, stage] of stages.entries()) {
      const finish = time.finishSeconds[s]!;
      const step = stepEnd(plan, stages.length, stage);
      parameterGather = Math.max(parameterGather, step.parameterGather);
      optimizer = Math.max(optimizer, step.optimizer);
      const tied = s === 0 ? tiedEmbedding(problem, stages[0]!) : 0;
      const reduce = step.gradientReduce + tied + acrossPipelines(problem, plan, stage);
      if (finish + reduce > end) {
        end = finish + reduce;
        tail = { criticalPipeline: index, pipelineSeconds: finish, gradientReduce: reduce };
      }
    }
  }
  return { ...tail, parameterGather, optimizer };
}

/** Once per step and stage, after the last backward and before the next forward: what those passes do not hide. Seconds. */
interface StepEnd {
  readonly gradientReduce: number;
  readonly parameterGather: number;
  readonly optimizer: number;
}

/** Of the slowest of a stage's unlike copies, each. */
function stepEnd(plan: Plan, stages: number, stage: StageRun): StepEnd {
  const hiding = hidingMicroBatches(plan, stages, stage.microBatches);
  const ends = stage.blocks.map((run) => blockEnd(run, stage, hiding));
  const slowest = (key: keyof StepEnd) => ends.reduce((most, one) => Math.max(most, one[key]), 0);
  return {
    gradientReduce: slowest('gradientReduce'),
    parameterGather: slowest('parameterGather'),
    optimizer: slowest('optimizer'),
  };
}

function blockEnd(
  { profile, content, forward, backward }: BlockRun,
  { ends }: StageRun,
  hiding: number,
): StepEnd {
  const { context } = profile;
  const { problem, techniques, group, c } = context;
  const owned = ownedByStage(profile, content, ends);
  const holdings = holdingsOf(context);
  const traffic = TECHNIQUES.flatMap(
    (one) => one.stepTraffic?.(one.of(techniques), { ...owned, holdings }, context) ?? [],
  );
  const total = (key: 'reduce' | 'gather' | 'update') => traffic.reduce((all, one) => all + one[key], 0);
  const hideable = problem.stack.overlap.dataParallel;
  const behind = (passes: readonly number[]) => passes.reduce((a, b) => a + b, 0) * hiding;
  let bytes = 0;
  for (const { state, of, device, share } of holdings)
    if (state === 'optimizer states' && device === 'gpu') bytes += share * owned.step[of];
  return {
    gradientReduce: expose(total('reduce'), hideable, behind(backward)).exposed,
    parameterGather: expose(total('gather'), hideable, behind(forward)).exposed,
    optimizer: streamSeconds(group.gpu, bytes, 1, { ...c, streamBytes: 1 }) + total('update'),
  };
}

/**
 * Pipelines of different depth hold the same layers on different stages: after each has reduced among its own replicas,
 * every GPU all-reduces its share with its peers in the other pipelines.
 */
function acrossPipelines({ cluster }: Problem, { pipelines }: Plan, { blocks, ends }: StageRun): number {
  if (pipelines.length === 1) return 0;
  const used = pipelines.map((pipeline) => pipeline.stages[0]!.replicas[0]!.group);
  let slowest = 0;
  for (const { profile, content } of blocks) {
    const { context } = profile;
    const { dense, expert } = ownedByStage(profile, content, ends).trained;
    const bytes = gradientBytes(context.problem) * (dense + expert);
    const share = bytes / context.groups.gradient.size;
    const flows = context.groups.gradient.size * context.dims.tp;
    const span = spanAcross(cluster, used, flows);
    slowest = Math.max(slowest, collectiveSeconds(span, 'allReduce', share, context.c));
  }
  return slowest;
}

/**
 * Micro-batches behind whose passes gradient reduction and parameter gathering can hide. Plain schedules: the last (or
 * first) one. Interleaved: a chunk's gradients are done when its last round ends, and v − 1 chunks of that round follow.
 */
function hidingMicroBatches({ dims: { vpp } }: Plan, stages: number, microBatches: number): number {
  return 1 + ((Math.min(stages, microBatches) - 1) * (vpp - 1)) / vpp;
}

/** Where first and last stage each hold the tied embedding its gradient is all-reduced between the two once per step. */
function tiedEmbedding(problem: Problem, { ends, blocks }: StageRun): number {
  if (!problem.model.tiedEmbeddings || ends.head !== null) return 0;
  const { context, embedding } = blocks[0]!.profile;
  const bytes = gradientBytes(problem) * embedding.memory.largest;
  const span = neighbours(context.group, false);
  return Math.max(
    collectiveSeconds(span, 'allReduce', bytes, context.c),
    pointToPointSeconds(span, bytes, context.c),
  );
}
