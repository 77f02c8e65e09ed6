import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { outerOf } from '../../techniques/index.ts';
import { ownedByStage } from '../memory/owned-by-stage.ts';
import { acrossPipelines, keepsShards } from './across-pipelines.ts';
import { mirroredSeconds } from './mirrored.ts';
import type { PipelineTime } from './pipeline-time.ts';
import { hidingMicroBatches, type StageEnd, stageEnd } from './stage-end.ts';
import type { StageRun } from './stage-run.ts';
import { summedBetween, tiedBytes } from './tied-embedding.ts';

/** What follows the last backward, and which pipeline it follows. Seconds. */
export interface StepTail {
  readonly criticalPipeline: number;
  /** Until the last backward of the stage that ends the step. */
  readonly pipelineSeconds: number;
  readonly gradientReduce: number;
  readonly gradientFlush: number;
  readonly parameterGather: number;
  readonly optimizer: number;
}

/**
 * Each stage reduces its gradients when its own last backward is done: early stages finish last, late ones hide their
 * reduction behind them. The backward part of the step ends when the last of them has, in whichever pipeline; then unlike
 * pipelines average what they have; then optimizer and gathering, the slowest stage each.
 */
export function stepTail(
  problem: Problem,
  plan: Plan,
  pipelines: readonly { stages: readonly StageRun[]; time: Pick<PipelineTime, 'finishSeconds'> }[],
): StepTail {
  let end = -1;
  let tail = { criticalPipeline: 0, pipelineSeconds: 0, gradientReduce: 0 };
  let gradientFlush = 0;
  let parameterGather = 0;
  let optimizer = 0;
  let beside = 0;
  let reduceBeside = 0;
  for (const [index, { stages, time }] of pipelines.entries()) {
    for (const [s, stage] of stages.entries()) {
      const finish = time.finishSeconds[s]!;
      const step = slowestEnd(plan, stages.length, stage);
      gradientFlush = Math.max(gradientFlush, step.gradientFlush);
      parameterGather = Math.max(parameterGather, step.parameterGather);
      optimizer = Math.max(optimizer, step.optimizer);
      beside = Math.max(beside, step.beside);
      reduceBeside = Math.max(reduceBeside, step.reduceBeside);
      const tied = s === 0 ? tiedEmbedding(problem, stages[0]!, stages.at(-1)!) : 0;
      const mirrored = mirroredSeconds(problem, plan, stages, s);
      const reduce = (reducesAlone(plan, stage) ? step.gradientReduce : 0) + tied + mirrored;
      if (finish + reduce > end) {
        end = finish + reduce;
        tail = { criticalPipeline: index, pipelineSeconds: finish, gradientReduce: reduce };
      }
    }
  }
  const across = trainsApart(plan)
    ? 0
    : acrossPipelines(
        problem,
        pipelines.map(({ stages }) => stages),
      );
  return {
    ...tail,
    gradientReduce: tail.gradientReduce + across + Math.max(0, reduceBeside - end),
    gradientFlush,
    parameterGather,
    optimizer: optimizer + Math.max(0, beside - end),
  };
}

/** Whether a stage reduces among its own copies: without shards the ring over all pipelines does it in one go. */
function reducesAlone(plan: Plan, { blocks }: StageRun): boolean {
  return plan.pipelines.length === 1 || trainsApart(plan) || keepsShards(blocks[0]!.profile.context);
}

/** Pipelines average what they changed, not their gradients. */
function trainsApart({ pipelines, techniques }: Plan): boolean {
  return pipelines.length > 1 && outerOf(techniques) !== null;
}

/** Of the slowest of a stage's unlike copies, each. */
function slowestEnd({ dims }: Plan, stages: number, stage: StageRun): StageEnd {
  const hiding = hidingMicroBatches(dims.vpp, stages, stage.microBatches);
  const sum = (passes: readonly number[]) => passes.reduce((a, b) => a + b, 0);
  const behind = (passes: readonly number[]) => sum(passes) * hiding;
  const ends = stage.blocks.map(({ profile, content, forward, backward }) =>
    stageEnd(profile, ownedByStage(profile, content, stage.ends), {
      forward: behind(forward),
      backward: behind(backward),
    }),
  );
  const slowest = (key: keyof StageEnd) => ends.reduce((most, one) => Math.max(most, one[key]), 0);
  const busy = stage.blocks.map(
    ({ forward, backward, block }) => (sum(forward) + sum(backward)) * block.microBatches,
  );
  const last = Math.max(...busy);
  return {
    // A copy that is done before the slowest begins so much before it to reduce.
    gradientReduce: ends.reduce((most, one, i) => Math.max(most, one.gradientReduce - (last - busy[i]!)), 0),
    gradientFlush: slowest('gradientFlush'),
    parameterGather: slowest('parameterGather'),
    optimizer: slowest('optimizer'),
    beside: slowest('beside'),
    reduceBeside: slowest('reduceBeside'),
  };
}

/** Where first and last stage each hold the tied embedding. */
function tiedEmbedding(problem: Problem, first: StageRun, last: StageRun): number {
  const bytes = first.ends.head === null ? tiedBytes(first.blocks[0]!.profile) : 0;
  return bytes === 0 ? 0 : summedBetween(problem, bytes, first, last);
}
