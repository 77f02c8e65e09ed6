import type { Pipeline, Plan } from '../domain/plan.ts';
import { collectiveSeconds } from '../hardware/collective.ts';
import { spanOf } from '../hardware/span.ts';
import type { PassTime } from './pass-time.ts';
import type { StageProfile } from './stage-profile.ts';

/**
 * Each stage computes its rows of the logits of every micro-batch: the last hidden state goes to all stages and its
 * gradient is summed over them. The interlaced pipeline does so in the open, all stages at once; algorithms 1 and 2
 * (arXiv 2411.05288, section 4) put both on a stream of their own and pay with one or two more micro-batches in flight.
 */
export function addVocabularyExchange(
  head: PassTime,
  plan: Plan,
  pipeline: Pipeline,
  { context }: StageProfile,
): void {
  if (plan.schedule.vocabulary === undefined) return;
  const { problem, local, c } = context;
  const first = pipeline.stages[0]!.replicas[0]!.firstDevice;
  const next = pipeline.stages[1]?.replicas[0]?.firstDevice ?? first + 1;
  const stride = Math.max(1, next - first);
  const span = spanOf(problem.cluster, first, stride, pipeline.stages.length);
  const bytes = (local.elementBytes * local.tokens * problem.model.hiddenSize) / local.tensorParallel;
  const seconds = 2 * collectiveSeconds(span, 'allReduce', bytes, c);
  if (plan.schedule.vocabulary === 'interlaced') head.tensorParallel += seconds;
  else head.contention += seconds * c.contention;
}

/** Micro-batches a stage runs ahead of plain order, for the barriers between its vocabulary passes. */
export function vocabularyInFlight(plan: Plan, stages: number): number {
  switch (plan.schedule.vocabulary) {
    case 'vocab-1':
      return 2;
    case 'vocab-2':
      return 1;
    case 'interlaced':
      return Math.ceil(stages / 2);
    default:
      return 0;
  }
}
