import type { Problem } from '../../domain/problem.ts';
import { endStages } from '../../evaluate/ends.ts';
import type { LeastEnd, LeastEndLines } from '../../evaluate/least-ends.ts';
import type { KernelSeconds, StageSeconds } from '../../evaluate/stage-costs.ts';
import { type Candidate, sharedOf } from '../space/candidate.ts';
import { atCrossings, crossings } from './crossings.ts';
import type { Loosest } from './pipeline-bound.ts';
import type { Pass, Way } from './ways.ts';

/** What cuts of a candidate are asked for. */
export interface Asked {
  readonly microBatches: number;
  readonly layers: number;
  /** Layers of each stage at least. */
  readonly fewest: number;
  readonly stages: readonly Stage[];
  /** By run, seconds of a layer that a micro-batch passes on its way to later stages and back at least, and on its way there. */
  readonly back: readonly number[];
  readonly there: readonly number[];
  /** Seconds of a layer by run, and micro-batches that each stage has alive, where stages of one chunk each work on whole backwards; null: elsewhere. */
  readonly turns: { readonly seconds: readonly number[]; readonly alive: readonly number[] } | null;
  /** What the first stage reduces after the last of all backwards. */
  readonly first: number;
  /** Up to the last backward, and after all gradients are reduced: at least. */
  readonly pipeline: number;
  readonly rest: number;
}

/** What a candidate takes at least: its own seconds, or those of all that are bounded together. */
export interface Taken {
  readonly candidate: Candidate;
  readonly costs: readonly StageSeconds[];
  readonly loosest: Loosest;
  /** By run, and stage of it. */
  readonly lines: readonly (readonly LeastEndLines[])[];
}

/** So much for each layer and so much beside. */
interface Need {
  readonly perLayer: number;
  readonly fixed: number;
}

/** What a stage has apart from the passes of its layers. */
export interface Stage {
  readonly run: number;
  /** Seconds of a micro-batch: ends of the model and transfers. */
  readonly beside: number;
  /** Reduced beside all passes. */
  readonly reduce: readonly Need[];
  /** Gathering and updates. */
  readonly rest: readonly Need[];
}

/** Ways to share a step out between what comes before and after the last of all reductions. */
const SHARES = 8;
/** Of a layer: what rounding may take away. */
const ROUNDING = 1e-6;

/**
 * Whether some cut may take no more than so many seconds: a lower bound asks each part of a step for its own best cut, this all of
 * them for one. With E up to the last backward, R up to the last reduction and Q after it, stage s takes n_s layers at most: by
 * M·(f_s + n_s·c_s) + Σ_{i<s} r_i·n_i·c_i ≤ E, by the same with forwards before it and what it reduces ≤ R, by what it gathers
 * and updates ≤ Q, and by its memory; L − n_s − Σ_{j>s} n_j come before it at least, on the fastest stages as far as these have
 * room. All of them together take L. Of one kind of layer.
 *
 * A stage that has α_s micro-batches alive at most waits for the first to come back from later stages, with α_s − 1 forwards to do
 * meanwhile, and after its last forward for the last, with as many backwards: where M > α_s, M·t_s + Σ_{i<s} t_i + 2·Σ_{i>s} t_i − (α_s − 1)·t_s ≤ E.
 */
export function cutsWithin(asked: Asked): (way: Way, seconds: number) => boolean {
  const { microBatches, layers, fewest, stages, first, pipeline, rest } = asked;
  const [back, there] = [asked.back, asked.there].map(fastestFirst) as [Before, Before];
  const { turns } = asked;
  const around = turns === null ? [] : sidesOf(turns.seconds);
  /** Layers that each stage takes at most, whatever comes before it; and of its run up to it. */
  const alone = new Array<number>(stages.length);
  const upTo = new Array<number>(stages.length);
  const ofRuns = new Array<number>(asked.back.length);
  const aloneOf = (s: number, pass: Pass, end: number, after: number): number => {
    const { run, beside, reduce, rest: updating } = stages[s]!;
    const perLayer = microBatches * pass.secondsPerLayer[run]!;
    const always = microBatches * (beside + pass.fixed[run]!);
    let own = Math.min(pass.most(s), layersIn(perLayer, always, end - first));
    for (const need of reduce)
      own = Math.min(own, layersIn(perLayer + need.perLayer, always + need.fixed, end));
    for (const need of updating) own = Math.min(own, layersIn(need.perLayer, need.fixed, after));
    return Math.floor(Math.min(layers, own) + ROUNDING);
  };
  /** Seconds of so many layers on the stages before one, at least; infinite where they have no room. */
  const before = ({ runs, seconds }: Before, s: number, count: number): number => {
    const { run: own } = stages[s]!;
    let left = count;
    let sum = 0;
    for (const run of runs) {
      if (left <= 0) break;
      if (run > own) continue;
      const taken = Math.min(left, run === own ? upTo[s]! : ofRuns[run]!);
      sum += taken * seconds[run]!;
      left -= taken;
    }
    return left > 0 ? Number.POSITIVE_INFINITY : sum;
  };
  /** The same of so many layers on all other stages, those after it there and back twice. */
  const elsewhere = (s: number, count: number): number => {
    const { run: own } = stages[s]!;
    let left = count;
    let sum = 0;
    for (const { run, after, seconds } of around) {
      if (left <= 0) break;
      const later = run > own;
      let room = later === after ? ofRuns[run]! : 0;
      if (run === own) room = after ? ofRuns[run]! - upTo[s]! - alone[s]! : upTo[s]!;
      const taken = Math.min(left, room);
      sum += taken * seconds;
      left -= taken;
    }
    return left > 0 ? Number.POSITIVE_INFINITY : sum;
  };
  /** Layers that a stage takes at most, as many as `others` being left. */
  const ownOf = (s: number, pass: Pass, others: number, end: number, after: number): number => {
    const { run, beside, reduce } = stages[s]!;
    const perLayer = microBatches * pass.secondsPerLayer[run]!;
    const always = microBatches * (beside + pass.fixed[run]!);
    const alive = turns === null ? microBatches : turns.alive[s]!;
    const turned = microBatches > alive ? (microBatches - alive + 1) / microBatches : 0;
    let own = aloneOf(s, pass, end, after);
    while (own >= 0) {
      const taken = always + own * perLayer;
      const earlier = Math.max(0, others - own);
      let over = taken + before(back, s, earlier) - (end - first);
      if (over <= 0 && turned > 0)
        over = Math.max(over, (turned * taken + elsewhere(s, layers - own) - (end - first)) / turned);
      if (over <= 0 && reduce.length > 0) {
        const forward = before(there, s, earlier);
        for (const need of reduce) {
          const reduced = taken + need.fixed + own * need.perLayer + forward - end;
          over = Math.max(over, (reduced * perLayer) / (perLayer + need.perLayer));
        }
      }
      if (over <= 0) break;
      // With a layer less it takes that layer's time less at most.
      own -= Math.max(1, Math.floor(over / perLayer));
    }
    return own;
  };
  const within = ({ passes }: Way, end: number, after: number): boolean => {
    let all = 0;
    ofRuns.fill(0);
    for (const [s, { run }] of stages.entries()) {
      let most = -1;
      for (const pass of passes) most = Math.max(most, aloneOf(s, pass, end, after));
      if (most < fewest) return false;
      alone[s] = most;
      upTo[s] = ofRuns[run]!;
      ofRuns[run]! += most;
      all += most;
    }
    if (all < layers) return false;
    let taken = 0;
    for (let s = stages.length - 1; s >= 0; s--) {
      let own = -1;
      for (const pass of passes) own = Math.max(own, ownOf(s, pass, layers - taken, end, after));
      if (own < fewest) return false;
      taken = Math.min(taken + own, layers - s * fewest);
    }
    return taken >= layers;
  };
  const ends = stages.some((stage) => stage.reduce.length + stage.rest.length > 0);
  return function some(way, seconds): boolean {
    const spare = seconds - pipeline - first - rest;
    if (spare < 0) return false;
    /** Whether some share from `low` to `high` of what is spare may come after the last reduction. */
    const shared = (low: number, high: number): boolean => {
      if (!within(way, seconds - rest - (spare * low) / SHARES, rest + (spare * high) / SHARES)) return false;
      if (!ends || high - low === 1) return true;
      const middle = (low + high) >> 1;
      return shared(low, middle) || shared(middle, high);
    };
    return shared(0, SHARES) && (way.narrower?.().some((one) => some(one, seconds)) ?? true);
  };
}

/** Seconds of a layer by run, and the runs by those. */
interface Before {
  readonly seconds: readonly number[];
  readonly runs: readonly number[];
}

/** Layers of a run before a stage or after it, and seconds of each. */
interface Side {
  readonly run: number;
  readonly after: boolean;
  readonly seconds: number;
}

/** Those that take least first. */
function sidesOf(seconds: readonly number[]): Side[] {
  const sides = seconds.flatMap((each, run): Side[] => [
    { run, after: false, seconds: each },
    { run, after: true, seconds: 2 * each },
  ]);
  return sides.sort((a, b) => a.seconds - b.seconds);
}

function fastestFirst(seconds: readonly number[]): Before {
  return { seconds, runs: [...seconds.keys()].sort((a, b) => seconds[a]! - seconds[b]!) };
}

/** Layers n with fixed + perLayer·n ≤ seconds, rounding in their favour; −1 where there is no such n. */
function layersIn(perLayer: number, fixed: number, seconds: number): number {
  if (seconds < fixed) return -1;
  return perLayer > 0 ? (seconds - fixed) / perLayer : Number.POSITIVE_INFINITY;
}

/** Stages with all that a bound knows of them. */
export function stagesOf(problem: Problem, { candidate, costs, loosest, lines }: Taken): Stage[] {
  const { layout, choice } = candidate;
  const ends = endStages(sharedOf(candidate), layout.pp);
  const crossing = loosest.transfers ? crossings(problem, layout, costs, choice.vpp) : [];
  const stages: Stage[] = [];
  for (const [run, { stages: count }] of layout.runs.entries()) {
    const { embeddingSeconds, headSeconds } = costs[run]!;
    for (let i = 0; i < count; i++) {
      const stage = stages.length;
      const embedding = ends.all || ends.embedding === stage;
      const head = ends.all || ends.head === stage;
      let beside = atCrossings(crossing, run, i, count);
      if (embedding) beside += embeddingSeconds;
      if (head) beside += headSeconds;
      const needOf = (line: LeastEnd): Need => ({
        perLayer: line.perLayer[0]!,
        fixed: (embedding ? line.embedding : 0) + (head ? line.head : 0),
      });
      const { reduce, rest } = lines[run]![i]!;
      stages.push({ run, beside, reduce: reduce.map(needOf), rest: rest.map(needOf) });
    }
  }
  return stages;
}

/** Stages of which nothing but kernels is known: of the ends of the model, by run, seconds at least. */
export function bareStages(
  candidate: Candidate,
  ends: readonly Pick<KernelSeconds, 'embeddingSeconds' | 'headSeconds'>[],
): Stage[] {
  const { runs, pp } = candidate.layout;
  const { all, embedding, head } = endStages(sharedOf(candidate), pp);
  let stage = 0;
  return runs.flatMap(({ stages }, run) =>
    Array.from({ length: stages }, (): Stage => {
      const beside =
        (!all && stage === embedding ? ends[run]!.embeddingSeconds : 0) +
        (!all && stage === head ? ends[run]!.headSeconds : 0);
      stage += 1;
      return { run, beside, reduce: [], rest: [] };
    }),
  );
}
