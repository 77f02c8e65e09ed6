import type { Plan } from '../domain/plan.ts';
import type { Settings } from '../domain/stage-cost.ts';

export function settingsOf(plan: Plan): Settings {
  const { schedule, microBatchSize, contextParallel, expertParallel, expertTensorParallel } = plan;
  const { sequenceParallel, recompute, optimizerSharding, shardGroup } = plan;
  return {
    schedule,
    microBatchSize,
    contextParallel,
    expertParallel,
    expertTensorParallel,
    sequenceParallel,
    recompute,
    optimizerSharding,
    shardGroup,
    vocabularyShards: schedule.vocabulary === undefined ? 1 : plan.pipelines[0]!.stages.length,
  };
}
