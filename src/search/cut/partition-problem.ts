import type { Problem } from '../../domain/problem.ts';
import type { StageCosts } from '../../evaluate/stage-costs.ts';
import type { PartitionProblem } from '../../partition/problem.ts';
import { crossings, layoutOverSockets } from '../bound/crossings.ts';
import { spotsOf } from '../bound/memory-bound.ts';
import { type Candidate, microBatchesPerReplica } from '../space/candidate.ts';

/** The cut as the partition sees it. `costs[i]` belongs to run i of the layout. */
export function partitionProblem(
  problem: Problem,
  candidate: Candidate,
  costs: readonly StageCosts[],
  microBatches = microBatchesPerReplica(problem, candidate),
): PartitionProblem {
  const { layout, choice } = candidate;
  const crossing = crossings(problem, layout, costs, choice.vpp);
  const overSockets = layoutOverSockets(problem, layout.runs);
  const spots = spotsOf(problem, candidate, microBatches);
  let index = 0;
  const stages = layout.runs.flatMap((run, i) =>
    Array.from({ length: run.stages }, (_, within) => {
      const cost = costs[i]!;
      const s = index++;
      const spot = spots[s]!;
      const ends = (spot.first ? cost.embeddingSeconds : 0) + (spot.last ? cost.headSeconds : 0);
      const half = (overSockets ? cost.socketBoundarySeconds : cost.boundarySeconds) / 2;
      const before = s === 0 ? 0 : within === 0 ? crossing[i - 1]! : half;
      const after = s === layout.pp - 1 ? 0 : within === run.stages - 1 ? crossing[i]! : half;
      return {
        secondsPerLayer: cost.secondsPerLayer,
        fixedSeconds: ends + before + after,
        earliest: cost.rooms.earliest(spot),
        room: cost.rooms.room(spot),
      };
    }),
  );
  return { layerKinds: problem.model.layers, stages, microBatches };
}
