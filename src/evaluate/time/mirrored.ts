import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { stageBoundary } from '../../hardware/stage-boundary.ts';
import { scheduleOf } from '../../schedules/index.ts';
import { modelsIn } from '../../schedules/schedule.ts';
import { gradientBytes } from '../../techniques/zero.ts';
import { ownedByStage } from '../memory/owned-by-stage.ts';
import { keepsShards } from './across-pipelines.ts';
import type { StageRun } from './stage-run.ts';
import { tiedSeconds } from './tied-embedding.ts';

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
  const { ends, blocks } = stages[stage]!;
  const [{ block, profile, content }] = blocks as [StageRun['blocks'][number]];
  const peer = stages[stages.length - 1 - stage]!.blocks[0]!;
  const { context } = profile;
  const { trained } = ownedByStage(profile, content, ends);
  const { gradient, expertData } = context.groups;
  const shards = keepsShards(context);
  const parameters =
    trained.dense / (shards ? gradient.size : 1) + trained.expert / (shards ? expertData.size : 1);
  const { together } = stageBoundary(problem.cluster, block, peer.block, context.dims.cp, false);
  return tiedSeconds(gradientBytes(problem) * parameters, together, context.c);
}
