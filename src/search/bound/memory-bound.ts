import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import { memoryLimitWords } from '../../evaluate/memory/limit-words.ts';
import { flowOf, type StageFlow } from '../../evaluate/memory/stage-memory.ts';
import type { StageSpot } from '../../evaluate/memory/stage-room.ts';
import type { StageCosts } from '../../evaluate/stage-costs.ts';
import { type Candidate, microBatchesPerReplica, placesOf, shapeFor } from '../space/candidate.ts';
import type { Layout } from '../space/frame.ts';
import { evenCounts } from './even-counts.ts';
import { type StagePlaceInRun, stagesOf } from './stages.ts';

export interface MemoryMiss {
  readonly reason: Reason;
  /** Need over limit, roughly: what sorts near misses. */
  readonly excess: number;
}

/** Micro-batches of any chunk that a stage has alive at its worst point, at least. */
export function leastAlive({ fronts }: StageFlow): number {
  let most = 0;
  for (const front of fronts) most = Math.max(most, Math.min(...front));
  return most;
}

/** Shows that no cut of a candidate fits, asking the memory model only; null where one may. */
export function memoryMiss(
  problem: Problem,
  candidate: Candidate,
  costs: readonly StageCosts[],
): MemoryMiss | null {
  const { layout, choice } = candidate;
  const { kinds } = problem.model;
  if (choice.vpp === 1) {
    const full = layout.pp > 2 ? capacityMiss(problem, layout, flowFor(problem, candidate), costs) : null;
    return full ?? reachMiss(problem, spotsOf(problem, candidate), costs);
  }
  // Of several kinds, what a stage with several chunks holds depends on the whole cut: left to the estimate.
  if (kinds.length > 1) return null;
  if (layout.family !== 'uniform') return reachMiss(problem, spotsOf(problem, candidate), costs);
  return evenMiss(problem, candidate, costs);
}

/** A stage with what its schedule makes it keep. */
export type RunSpot = StageSpot & StagePlaceInRun;

export function spotsOf(
  problem: Problem,
  candidate: Candidate,
  microBatches = microBatchesPerReplica(problem, candidate),
): RunSpot[] {
  const flow = flowFor(problem, candidate, microBatches);
  return stagesOf(candidate).map((place, s) => ({ ...place, ...flow[s]! }));
}

export function flowFor(
  problem: Problem,
  candidate: Candidate,
  microBatches = microBatchesPerReplica(problem, candidate),
): readonly StageFlow[] {
  return flowOf(candidate.choice.schedule, shapeFor(candidate, microBatches));
}

/** Too little room on all stages together, whatever the cut: asked first where stages between the ends are many, for they all have the same room. */
function capacityMiss(
  problem: Problem,
  { runs }: Layout,
  flow: readonly StageFlow[],
  costs: readonly StageCosts[],
): MemoryMiss | null {
  const { layers } = problem.model;
  const worth = costs[0]!.rooms.worth(flow[0]!);
  let capacity = 0;
  let stage = 0;
  for (const [run, { stages }] of runs.entries())
    for (const end = stage + stages; stage < end; stage++)
      capacity += costs[run]!.rooms.capacity(flow[stage]!, worth);
  let need = 0;
  for (const kind of layers) need += worth[kind]!;
  return capacity >= need ? null : missing(problem, (layers.length * capacity) / need, layers.length);
}

/**
 * Every stage in turn takes as many layers as it can: since fewer layers never take more memory, no cut gets further. With
 * several kinds of layer this is a bound, since a stage may also be given nothing.
 */
function reachMiss(
  problem: Problem,
  spots: readonly RunSpot[],
  costs: readonly StageCosts[],
): MemoryMiss | null {
  const layers = problem.model.layers.length;
  let reach = 0;
  let empty = false;
  for (const spot of spots) {
    const earliest = costs[spot.run]!.rooms.earliest(spot);
    if (earliest[layers]! === layers && earliest.every((start, end) => start === end)) empty = true;
    reach = furthest(earliest, reach);
  }
  return reach >= layers && !empty ? null : missing(problem, reach, layers);
}

/** The largest end with which a stage that begins at `start` fits; `start` where none does. */
function furthest(earliest: Int32Array, start: number): number {
  let [low, high] = [start, earliest.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (earliest[middle]! <= start) low = middle;
    else high = middle;
  }
  return low;
}

/** Shows that layers of one kind do not fit with as many in each chunk: the only cut of like stages with several chunks. */
export function evenMiss(
  problem: Problem,
  candidate: Candidate,
  costs: readonly StageCosts[],
): MemoryMiss | null {
  const { layers } = problem.model;
  const places = placesOf(candidate);
  const counts = evenCounts(layers.length, places.length);
  if (counts === null) return null;
  const spots = spotsOf(problem, candidate);
  const byStage: number[][] = spots.map(() => []);
  for (const [g, { stage }] of places.entries()) byStage[stage]!.push(counts[g]!);
  const share = Math.max(...spots.map((spot, s) => costs[spot.run]!.rooms.share(spot, 0, byStage[s]!)));
  return share <= 1
    ? null
    : {
        excess: share,
        reason: {
          ...REASON,
          limit: memoryLimitWords(problem.workload),
          actual: `equal chunks take ${share.toFixed(2)} × what a GPU has`,
        },
      };
}

const REASON = {
  rule: 'memory',
  hint: 'Maybe more recomputation, sharding, tensor or pipeline parallelism.',
} as const;

export function missing({ workload }: Problem, room: number, layers: number): MemoryMiss {
  return {
    excess: Math.max(1, layers / Math.max(1, room)),
    reason: {
      ...REASON,
      limit: memoryLimitWords(workload),
      actual: `room for ${Math.floor(room)} of ${layers} layers`,
    },
  };
}
