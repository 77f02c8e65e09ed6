import type { Problem } from '../../domain/problem.ts';
import type { LeastEnd, LeastEndLines } from '../../evaluate/least-ends.ts';
import type { KernelSeconds, StageSeconds } from '../../evaluate/stage-costs.ts';
import type { Candidate } from '../space/candidate.ts';
import type { Passing } from './crossings.ts';
import { kindCounts } from './kind-counts.ts';
import { stagesOf } from './stages.ts';
import { leastAmong, type StandIn, standInOf } from './stand-in.ts';

/** So much for each layer and so much beside, seconds. */
export interface Need {
  readonly perLayer: number;
  readonly fixed: number;
}

/** What a stage has to do apart from the passes of its layers. */
export interface StageNeeds {
  readonly run: number;
  /** Of a micro-batch: ends of the model and transfers. */
  readonly beside: number;
  /** Reduced beside all passes. */
  readonly reduce: readonly Need[];
  /** Gathering and updates. */
  readonly rest: readonly Need[];
}

/** What a candidate takes at least: its own seconds, or those of all that are bounded together. */
export interface Taken {
  readonly candidate: Candidate;
  readonly costs: readonly StageSeconds[];
  /** Null: transfers may cost nothing. */
  readonly passing: Passing | null;
  /** By run, and stage of it. */
  readonly lines: readonly (readonly LeastEndLines[])[];
}

/** All that a bound knows of each stage. */
export function needsOf(problem: Problem, { candidate, costs, passing, lines }: Taken): StageNeeds[] {
  const standIn = standInOf(problem);
  return stagesOf(candidate).map(({ run, within, first, last }) => {
    const { embeddingSeconds, headSeconds } = costs[run]!;
    const needOf = ({ perLayer, embedding, head }: LeastEnd): Need => ({
      perLayer: leastAmong(perLayer, standIn),
      fixed: (first ? embedding : 0) + (last ? head : 0) + hiddenByOthers(problem, standIn, perLayer),
    });
    const { reduce, rest } = lines[run]![within]!;
    let beside = passing?.(run, within) ?? 0;
    if (first) beside += embeddingSeconds;
    if (last) beside += headSeconds;
    return { run, beside, reduce: reduce.map(needOf), rest: rest.map(needOf) };
  });
}

/** Layers of other kinds may leave what hides those that stand for all. */
function hiddenByOthers(problem: Problem, { kinds }: StandIn, perLayer: readonly number[]): number {
  let hidden = 0;
  for (const [kind, count] of kindCounts(problem).entries())
    if (!kinds.includes(kind)) hidden += count * Math.min(0, perLayer[kind]!);
  return hidden;
}

/** Where nothing but kernels is known: of the ends of the model, by run, seconds at least. Ends that several stages share say nothing. */
export function bareNeeds(
  candidate: Candidate,
  ends: readonly Pick<KernelSeconds, 'embeddingSeconds' | 'headSeconds'>[],
): StageNeeds[] {
  const stages = stagesOf(candidate);
  const spread = stages.length > 1 && stages.every(({ first, last }) => first && last);
  return stages.map(({ run, first, last }) => {
    const { embeddingSeconds, headSeconds } = ends[run]!;
    const beside = spread ? 0 : (first ? embeddingSeconds : 0) + (last ? headSeconds : 0);
    return { run, beside, reduce: [], rest: [] };
  });
}
