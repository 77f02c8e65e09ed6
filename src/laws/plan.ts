import { dimsOf, type Pipeline, type Plan, replicasOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import { shapeOf } from '../evaluate/memory/stage-memory.ts';
import { scheduleOf } from '../schedules/index.ts';
import { scheduleLaw } from '../schedules/schedule.ts';
import { soundPlan } from './sound.ts';
import { type Shape, splitLaw } from './split.ts';
import { techniqueLaw } from './techniques.ts';

/** The first law that a plan breaks, whatever the framework: of its devices and layers, its schedule, its techniques, its split. */
export function planLaw(problem: Problem, plan: Plan): Reason | null {
  const sound = soundPlan(problem, plan);
  if (sound !== null) return sound;
  for (const pipeline of plan.pipelines) {
    const broken = pipelineLaw(problem, plan, pipeline);
    if (broken !== null) return broken;
  }
  return null;
}

function pipelineLaw(problem: Problem, plan: Plan, { stages, microBatches }: Pipeline): Reason | null {
  const { dims, schedule, techniques } = plan;
  const perCopy = Math.ceil(microBatches / replicasOf(stages[0]!));
  const order =
    stages.length > 1 || dims.vpp > 1
      ? scheduleLaw(scheduleOf(schedule), shapeOf(plan, stages.length, perCopy))
      : null;
  if (order !== null) return order;
  for (const stage of stages) {
    const dp = replicasOf(stage);
    if (dp % dims.dpReplicate !== 0) return replicateLaw(dp, dims.dpReplicate);
    const shapes: Shape[] = stage.replicas.map(({ group, tp }) => ({ group, tp }));
    const split = splitLaw(problem, { shapes, cp: dims.cp, dp, ep: dims.ep, etp: dims.etp });
    if (split !== null) return split;
    for (const block of stage.replicas) {
      const broken = techniqueLaw(problem, dimsOf(plan, stages.length, stage, block), techniques);
      if (broken !== null) return broken;
    }
  }
  return null;
}

/** Sharded states are kept once by each set of dp / dp-replicate copies. */
export function replicateLaw(dp: number, dpReplicate: number): Reason | null {
  return dp % dpReplicate === 0
    ? null
    : { rule: 'dp-replicate', actual: `dp-replicate=${dpReplicate}`, limit: `a divisor of dp=${dp}` };
}
