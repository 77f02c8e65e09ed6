import type { Problem } from '../../domain/problem.ts';
import type { StageCosts } from '../../evaluate/stage-costs.ts';
import type { PartitionProblem } from '../../partition/problem.ts';
import { remembered } from '../../units/remembered.ts';
import { crossings, layoutOverSockets, neverDrains } from '../bound/crossings.ts';
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
  const flows = neverDrains(choice);
  const crossing = crossings(problem, layout, costs, choice.vpp);
  const overSockets = layoutOverSockets(problem, layout.runs);
  const spots = spotsOf(problem, candidate, microBatches);
  const passed = costs[0]!.unlikeCuts?.passed ?? null;
  /** What a stage of a run passes or receives more than over the least cut: inside its run, or over the crossing after one. */
  const beyond = (of: Passed, run: number, crossed: number | null) =>
    beyondLeast(of, (times) =>
      crossed === null
        ? costs[run]!.unlikeCuts!.boundaryOf(times, overSockets) / 2
        : crossings(problem, layout, costs, choice.vpp, times)[crossed]!,
    );
  let index = 0;
  /** Until the first stage has done its last backward, once this one has: where none waits for another, at once. */
  let slack = 0;
  const stages = layout.runs.flatMap((run, i) =>
    Array.from({ length: run.stages }, (_, within) => {
      const cost = costs[i]!;
      const s = index++;
      const spot = spots[s]!;
      const ends = (spot.first ? cost.embeddingSeconds : 0) + (spot.last ? cost.headSeconds : 0);
      const half = (overSockets ? cost.socketBoundarySeconds : cost.boundarySeconds) / 2;
      const before = s === 0 ? 0 : within === 0 ? crossing[i - 1]! : half;
      const after = s === layout.pp - 1 ? 0 : within === run.stages - 1 ? crossing[i]! : half;
      const { reducing, reduced, reduceSeconds, backwardSeconds } = cost.ending(within);
      const late = reduceSeconds > slack;
      const { perLayer, embedding, head, fixed } = late ? reducing : reduced;
      const hidden = late ? slack : 0;
      if (!flows) slack += backwardSeconds;
      return {
        secondsPerLayer: cost.secondsPerLayer,
        fixedSeconds: ends + before + after,
        passing:
          passed === null
            ? null
            : {
                entering: s === 0 ? nothing(passed) : beyond(passed, i, within === 0 ? i - 1 : null),
                leaving:
                  s === layout.pp - 1
                    ? nothing(passed)
                    : beyond(passed, i, within === run.stages - 1 ? i : null),
              },
        endPerLayer: perLayer,
        endFixed: fixed - hidden + (spot.first ? embedding : 0) + (spot.last ? head : 0),
        earliest: cost.rooms.earliest(spot),
        room: cost.rooms.room(spot),
      };
    }),
  );
  return { layerKinds: problem.model.layers, stages, microBatches, ...(flows ? { flows } : {}) };
}

type Passed = NonNullable<StageCosts['unlikeCuts']>['passed'];

function nothing({ bytes }: Passed): Float64Array {
  return new Float64Array(bytes.length + 1);
}

/** By the layer that a cut is before: seconds of what passes it beyond those of the least that passes any. */
function beyondLeast({ bytes, least }: Passed, secondsOf: (times: number) => number): Float64Array {
  const known = new Map<number, number>();
  const base = secondsOf(1);
  return Float64Array.from({ length: bytes.length + 1 }, (_, cut) => {
    if (cut === 0 || cut === bytes.length) return 0;
    const times = bytes[cut - 1]! / least;
    return remembered(known, times, () => secondsOf(times) - base);
  });
}
