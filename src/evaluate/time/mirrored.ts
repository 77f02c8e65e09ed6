import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { scheduleOf } from '../../schedules/index.ts';
import { modelsIn } from '../../schedules/schedule.ts';
import { gradientBytes } from '../../techniques/sharded-traffic.ts';
import { ownedByStage } from '../memory/owned-by-stage.ts';
import { keepsShards } from './across-pipelines.ts';
import type { StageRun } from './stage-run.ts';
import { summedBetween } from './tied-embedding.ts';

/**
 * Where a stage holds its mirror's layers too, seconds in which the two sum up what each has of their gradients, once a step: shards, where
 * its copies keep those. Each then updates both by itself.
 */
export function mirroredSeconds(
  problem: Problem,
  plan: Plan,
  stages: readonly StageRun[],
  stage: number,
): number {
  if (modelsIn(scheduleOf(plan.schedule)) === 1) return 0;
  const own = stages[stage]!;
  const { profile, content } = own.blocks[0]!;
  const { groups } = profile.context;
  const { trained } = ownedByStage(profile, content, own.ends);
  const shards = keepsShards(profile.context);
  const parameters =
    trained.dense / (shards ? groups.gradient.size : 1) +
    trained.expert / (shards ? groups.expertData.size : 1);
  return summedBetween(problem, gradientBytes(problem) * parameters, own, stages[stages.length - 1 - stage]!);
}
