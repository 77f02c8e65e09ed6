import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { DealtStages } from '../schedules/dispatched/cut.ts';
import { specOf } from './context.ts';
import { dealtOf, roundOf } from './dealt-stages.ts';
import { stageProfile } from './stage-profile.ts';

/** What a plan that deals its stages is priced with: their layers, the embedding as the first and the head as the last, and its rounds. */
interface Deal extends DealtStages {
  readonly perRound: number;
  readonly rounds: number;
}

export function dealOf(problem: Problem, plan: Plan): Deal {
  const [{ stages }] = plan.pipelines as [Plan['pipelines'][number]];
  const stage = stages[0]!;
  const block = stage.replicas[0]!;
  const dealt = dealtOf(stageProfile(problem, specOf(plan, 1, stage, block)));
  const all = block.count * block.microBatches;
  const perRound = roundOf(all, dealt.perRound);
  return { ...dealt.stages, perRound, rounds: all / perRound };
}
