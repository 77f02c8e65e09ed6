import type { Estimate } from '../domain/estimate.ts';
import type { Explanation, StageSeats } from '../domain/explanation.ts';
import type { Legality } from '../domain/legality.ts';
import { layersOf, type Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { clocked } from '../evaluate/estimate.ts';
import { timelineOf } from '../evaluate/timeline.ts';
import { hostRuns } from '../launch-folder/ranks.ts';
import { evenSplitOf } from '../search/search.ts';
import { BY_TIME } from '../search/space/objective.ts';
import { changesOf, linkEffects } from './changes/changes.ts';
import { stepRange } from './step-range.ts';

/** Why a plan costs what it does: its timeline, its bottlenecks, which GPUs do what, the even split, and what to change first. */
export function explained(
  problem: Problem,
  plan: Plan,
  estimate: Estimate,
  launcher: Legality | null,
  mostPasses: number,
): Explanation {
  return {
    ...drawn(problem, plan, mostPasses),
    links: linkEffects(problem, plan, estimate),
    evenSplit: evenSplitOf(problem, { launcher }),
    disturbed: stepRange(problem, { plan, estimate }, BY_TIME),
    changes: changesOf(problem, plan, estimate, launcher),
  };
}

/** What pictures of a plan are drawn from. */
export function drawn(
  problem: Problem,
  plan: Plan,
  mostPasses: number,
): Pick<Explanation, 'timeline' | 'busyShares' | 'seats'> {
  return {
    timeline: timelineOf(problem, plan, mostPasses),
    busyShares: busyShares(problem, plan),
    seats: seatsOf(problem, plan),
  };
}

function busyShares(problem: Problem, plan: Plan): Explanation['busyShares'] {
  const { pipelines } = clocked(problem, plan);
  const longest = Math.max(...pipelines.map(({ time }) => time.makespanSeconds));
  return pipelines.flatMap(({ time }, pipeline) =>
    time.busySeconds.map((seconds, stage) => ({ pipeline, stage, share: seconds / longest })),
  );
}

/** Stage by stage, the hosts and the GPUs on each. */
export function seatsOf({ cluster }: Problem, plan: Plan): StageSeats[] {
  return plan.pipelines.flatMap(({ stages, microBatches }, pipeline) =>
    stages.map((stage, index): StageSeats => {
      const alone = { ...plan, pipelines: [{ stages: [stage], microBatches }] };
      return {
        pipeline,
        stage: index,
        layers: layersOf(stage),
        runs: hostRuns(cluster, alone).map(({ host, groups, gpus }) => ({
          host,
          group: groups.map((one) => cluster.groups[one]!.id).join(' and '),
          gpus,
        })),
      };
    }),
  );
}
