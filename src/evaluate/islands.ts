import { type Islands, type Parts, total } from '../domain/estimate.ts';
import { devicesOf, groupsOf, type Plan, sequencesOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { outerOf } from '../techniques/index.ts';
import { endingParts, type TimedPipeline } from './time/ending-parts.ts';
import { outerTime } from './time/outer-sync.ts';
import { stepTail } from './time/step-tail.ts';

/** What islands wait for each other, and what joining each of them brings; `time`: the parts of a step, as they are before any factor of the stack. */
export function islandsOf(
  problem: Problem,
  plan: Plan,
  pipelines: readonly TimedPipeline[],
  time: Parts,
): Islands | null {
  const outer = outerOf(plan.techniques);
  if (outer === null || pipelines.length === 1) return null;
  const { 'outer synchronisation': waited = 0 } = time;
  const step = total(time);
  const stages = pipelines.map((one) => one.stages);
  const factor = problem.stack.timeMultiplier.value;
  const { seconds, bytes } = outerTime(problem, plan, stages, factor * (step - waited))!;
  const sequences = plan.pipelines.map((one) => sequencesOf(one.stages[0]!));
  const all = sequences.reduce((a, b) => a + b, 0);
  return {
    steps: outer.steps,
    syncSeconds: seconds,
    syncBytes: bytes,
    utilisation: 1 - waited / step,
    islands: plan.pipelines.map((pipeline, i) => {
      const others = pipelines.filter((_, other) => other !== i);
      const rest = { ...plan, pipelines: plan.pipelines.filter((_, other) => other !== i) };
      const tail = stepTail(problem, rest, others);
      const without = tail.pipelineSeconds + total(endingParts(problem, rest, others, tail));
      return {
        groups: groupsOf({ ...plan, pipelines: [pipeline] }),
        devices: devicesOf({ ...plan, pipelines: [pipeline] }),
        sequences: sequences[i]!,
        gain: all / step / ((all - sequences[i]!) / without),
      };
    }),
  };
}
