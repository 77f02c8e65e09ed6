import type { Problem } from '../../domain/problem.ts';
import { endStages } from '../../evaluate/ends.ts';
import type { LeastEnd, LeastEndLines } from '../../evaluate/least-ends.ts';
import type { StageSeconds } from '../../evaluate/stage-costs.ts';
import { type Candidate, microBatchesPerReplica, sharedOf } from '../space/candidate.ts';
import { atCrossings, crossings } from './crossings.ts';
import { type Loosest, layersAtLeast, pacesFor } from './pipeline-bound.ts';

/** What a candidate is asked: seconds, its own or what those bounded together have at least. */
export interface Asked {
  readonly candidate: Candidate;
  readonly costs: readonly StageSeconds[];
  readonly loosest: Loosest;
  /** By run, and stage of it. */
  readonly lines: readonly (readonly LeastEndLines[])[];
  /** Layers that fit on each stage; null: any. */
  readonly most: readonly number[] | null;
  /** What the first stage reduces after the last of all backwards. */
  readonly first: number;
  /** Up to the last backward, and after all gradients are reduced: at least. */
  readonly pipeline: number;
  readonly rest: number;
}

/** So much for each layer and so much beside. */
interface Need {
  readonly perLayer: number;
  readonly fixed: number;
}

interface Needs {
  /** Of all micro-batches. */
  readonly passes: Need;
  /** The same with what is reduced then. */
  readonly reduced: readonly Need[];
  /** Gathering and updates. */
  readonly rest: readonly Need[];
  /** Seconds of any layer that stands before this stage, on its way there and back at least, and on its way there. */
  readonly back: number;
  readonly there: number;
}

/** Ways to share a step out between what comes before and after the last of all reductions. */
const SHARES = 8;
/** Of a layer: what rounding may take away. */
const ROUNDING = 1e-6;

/**
 * Whether some cut may take no more than so many seconds: a lower bound asks each part of a step for its own best cut, this all of
 * them for one. With E up to the last backward, R up to the last reduction and Q after it, stage s takes n_s layers at most: by
 * M·(f_s + n_s·c_s) + Σ_{i<s} r_i·n_i·c_i ≤ E, by the same with forwards before it and what it reduces ≤ R, by what it gathers
 * and updates ≤ Q, and by its memory; L − n_s − Σ_{j>s} n_j come before it at least. All of them together take L. Of one kind of layer.
 */
export function someCutWithin(problem: Problem, asked: Asked, seconds: number): boolean {
  const { candidate, loosest, most, first, pipeline, rest } = asked;
  const layers = problem.model.layers.length;
  const needs = needsOf(problem, asked);
  const least = layersAtLeast(candidate.layout, loosest.orders);
  const within = (reduced: number, after: number): boolean => {
    let taken = 0;
    for (let s = needs.length - 1; s >= 0; s--) {
      const { passes, reduced: reducing, rest: updating, back, there } = needs[s]!;
      const others = layers - taken;
      let own = Math.min(most?.[s] ?? layers, layersIn(passes, reduced - first, back, others));
      for (const need of reducing) own = Math.min(own, layersIn(need, reduced, there, others));
      for (const need of updating) own = Math.min(own, layersIn(need, after, 0, others));
      own = Math.floor(own + ROUNDING);
      if (own < least) return false;
      taken = Math.min(taken + own, layers - s * least);
    }
    return taken >= layers;
  };
  const spare = seconds - pipeline - first - rest;
  if (spare < 0) return false;
  const shares = within(seconds - rest, rest + spare) ? SHARES : 0;
  for (let i = 0; i < shares; i++)
    if (within(seconds - rest - (spare * i) / SHARES, rest + (spare * (i + 1)) / SHARES)) return true;
  return false;
}

/** Layers n with fixed + perLayer·n + before·(others − n) ≤ seconds. */
function layersIn({ perLayer, fixed }: Need, seconds: number, before: number, others: number): number {
  const each = perLayer - before;
  const room = seconds - fixed - before * others;
  if (each > 0) return room / each;
  return room < 0 && each === 0 ? -1 : others;
}

function needsOf(problem: Problem, { candidate, costs, loosest, lines }: Asked): Needs[] {
  const { layout, choice } = candidate;
  const microBatches = microBatchesPerReplica(problem, candidate);
  const ends = endStages(sharedOf(candidate), layout.pp);
  const crossing = loosest.transfers ? crossings(problem, layout, costs, choice.vpp) : [];
  const paceOf = pacesFor(costs, loosest);
  const needs: Needs[] = [];
  let back = Number.POSITIVE_INFINITY;
  let there = Number.POSITIVE_INFINITY;
  for (const [run, { stages: count }] of layout.runs.entries()) {
    const { embeddingSeconds, headSeconds, forwardShare, secondsPerLayer: plain } = costs[run]!;
    for (let i = 0; i < count; i++) {
      const stage = needs.length;
      const embedding = ends.all || ends.embedding === stage;
      const head = ends.all || ends.head === stage;
      const pace = paceOf(run, i);
      const seconds = pace.secondsPerLayer[0]!;
      let beside = pace.fixed;
      if (embedding) beside += embeddingSeconds;
      if (head) beside += headSeconds;
      beside += atCrossings(crossing, run, i, count);
      const passes = { perLayer: microBatches * seconds, fixed: microBatches * beside };
      const atEnds = (line: LeastEnd) => (embedding ? line.embedding : 0) + (head ? line.head : 0);
      const { reduce, rest } = lines[run]![i]!;
      needs.push({
        passes,
        reduced: reduce.map((line) => ({
          perLayer: passes.perLayer + line.perLayer[0]!,
          fixed: passes.fixed + atEnds(line),
        })),
        rest: rest.map((line) => ({ perLayer: line.perLayer[0]!, fixed: atEnds(line) })),
        back: back === Number.POSITIVE_INFINITY ? 0 : back,
        there: there === Number.POSITIVE_INFINITY ? 0 : there,
      });
      back = Math.min(back, pace.ramp * seconds);
      there = Math.min(there, loosest.ramp * forwardShare * plain[0]!);
    }
  }
  return needs;
}
