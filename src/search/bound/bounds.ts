import type { Problem } from '../../domain/problem.ts';
import { endStages } from '../../evaluate/ends.ts';
import type { LeastEnd, LeastEndLines } from '../../evaluate/least-ends.ts';
import type { StageSeconds } from '../../evaluate/stage-costs.ts';
import { scheduleOf } from '../../schedules/index.ts';
import { type Candidate, microBatchesPerReplica, sharedOf } from '../space/candidate.ts';
import type { Choice } from '../space/choices.ts';
import type { Layout } from '../space/frame.ts';
import { leastPassing, type Passing, waysBound } from './crossings.ts';
import { type Asked, cutsWithin } from './cut-within.ts';
import { kindCounts } from './kind-counts.ts';
import {
  fewestWhole,
  type Loosest,
  layersAtLeast,
  type Pace,
  pacesFor,
  pipelineBound,
  shareOf,
} from './pipeline-bound.ts';
import { needsOf, type Taken } from './stage-needs.ts';
import { leastAmong, standInOf } from './stand-in.ts';
import { tiedEnds } from './tied-ends.ts';
import { plainWay, type Way } from './ways.ts';

/**
 * No cut of a candidate makes its step faster. What the pipeline takes up to the last backward, and the end of the step with
 * its layers shared out by how fast each stage gets through that; or each stage's last backward and what it reduces then.
 * Where that says less than `enough`: whether one cut may do all of it in less.
 */
export function lowerBound(
  problem: Problem,
  candidate: Candidate,
  costs: readonly StageSeconds[],
  loosest: Loosest = loosestOf(problem, candidate),
  {
    enough = Number.POSITIVE_INFINITY,
    worst = Number.POSITIVE_INFINITY,
    most = null,
    alive = null,
    ways = null,
  }: Sharpening = {},
): number {
  const { ramp, ends, orders } = loosest;
  const paceAt = pacesFor(costs, loosest);
  const { secondsPerStep } = problem.stack.host;
  const multiplier = problem.stack.timeMultiplier.value;
  const whole = (seconds: number) => (seconds + secondsPerStep) * multiplier;
  const passing = passingOf(problem, candidate, costs, loosest);
  const pipeline = pipelineBound(problem, candidate, costs, loosest, passing, paceAt);
  if (whole(pipeline) >= enough) return whole(pipeline);
  const atLeast = Math.max(pipeline, waysBound(problem, candidate, costs, orders));
  if (whole(atLeast) >= enough) return whole(atLeast);
  const microBatches = microBatchesPerReplica(problem, candidate);
  const lines = stageLines(candidate, costs, ends);
  const first = firstReduced(problem, candidate, costs, loosest, lines[0]![0]!.reduce);
  let reduced = atLeast + first;
  for (const line of alternatives(lines, ({ reduce }) => reduce)) {
    // Stages wait for the first micro-batch's forward only: backward of the last may reach the first stage before they reduce.
    const reducing = (run: number, stage: number): Pace => {
      const cost = costs[run]!;
      const { perLayer, embedding, head } = line(run, stage);
      const { secondsPerLayer: own, fixed } = paceAt(run, stage);
      const secondsPerLayer = own.map((layer, kind) => layer + perLayer[kind]! / microBatches);
      return {
        secondsPerLayer,
        ramp: ramp * cost.forwardShare * shareOf(cost.secondsPerLayer, secondsPerLayer),
        fixed,
        beside: { embedding: embedding / microBatches, head: head / microBatches },
      };
    };
    reduced = Math.max(reduced, pipelineBound(problem, candidate, costs, loosest, passing, reducing));
  }
  let rest = 0;
  for (const line of alternatives(lines, (one) => one.rest))
    rest = Math.max(rest, leastRest(problem, candidate, line));
  const least = whole(reduced + rest);
  const limit = Math.min(enough, worst);
  if (least >= limit || worst === Number.POSITIVE_INFINITY) return least;
  const within = cutsWithin({
    ...ofLayers(problem, { candidate, costs, passing, lines }, loosest),
    ...{ microBatches, first, pipeline: atLeast, rest, alive },
  });
  const secondsOf = (value: number) => (value / multiplier - secondsPerStep) * (1 + ROUNDING);
  if (!within(plainWay(problem, costs, most), secondsOf(limit))) return limit;
  return ways === null || ways.some((way) => within(way, secondsOf(worst))) ? least : worst;
}

/** What a search for a cut asks of layers: of those that stand for all. */
export function ofLayers(
  problem: Problem,
  taken: Taken,
  { ramp, orders }: Pick<Loosest, 'ramp' | 'orders'>,
): Pick<Asked, 'layers' | 'fewest' | 'stages' | 'seconds' | 'ramp' | 'there'> {
  const { candidate, costs } = taken;
  const standIn = standInOf(problem);
  const seconds = costs.map(({ secondsPerLayer }) => leastAmong(secondsPerLayer, standIn));
  return {
    layers: standIn.layers,
    fewest: fewestWhole(problem, candidate.layout, orders),
    stages: needsOf(problem, taken),
    ...{ seconds, ramp },
    there: costs.map(({ forwardShare }, run) => ramp * forwardShare * seconds[run]!),
  };
}

/** Where transfers of all that are bounded together count. */
export function passingOf(
  problem: Problem,
  candidate: Candidate,
  costs: readonly StageSeconds[],
  { transfers }: Pick<Loosest, 'transfers'>,
): Passing | null {
  const { vpp } = candidate.choice;
  const microBatches = microBatchesPerReplica(problem, candidate);
  return transfers ? leastPassing(problem, candidate.layout, costs, { vpp, microBatches }) : null;
}

/** How far a bound is worth its work. */
export interface Sharpening {
  /** A bound of so many seconds is not sharpened. */
  readonly enough?: number;
  /** Whether a cut takes less than this is asked, or less than `enough`; where none does, that is told. Left out: nothing is asked. */
  readonly worst?: number;
  /** Layers that fit on each stage, at most; null: not known. */
  readonly most?: readonly number[] | null;
  /** Micro-batches that each stage has alive at most, of pipelines that take turns; null: not known. */
  readonly alive?: readonly number[] | null;
  /** Each configuration runs its layers in one of these ways, asked of each by itself, last of all; null: not known. */
  readonly ways?: readonly Way[] | null;
}

const ROUNDING = 1e-9;

/** What the first stage reduces at least, seconds: where a pipeline drains through it, after all else. */
function firstReduced(
  problem: Problem,
  candidate: Candidate,
  costs: readonly StageSeconds[],
  { orders }: Loosest,
  lines: readonly LeastEnd[],
): number {
  const { layout } = candidate;
  if (!orders.every(drains)) return 0;
  const ends = endStages(sharedOf(candidate), layout.pp);
  // What the head leaves unused hides what others send.
  const withHead = ends.all || ends.head === 0;

  const fewest = layersAtLeast(layout, orders);
  const layers = (each: number) => each * (each > 0 ? fewest : problem.model.layers.length);
  const ofLine = ({ perLayer, embedding, head }: LeastEnd) =>
    embedding + (withHead ? head : 0) + layers(Math.min(...perLayer));
  return Math.max(0, ...lines.map(ofLine)) + tiedEnds(problem, candidate, costs);
}

/** Whether the last pass of all is the first stage's, and its gradients are whole then. */
function drains({ schedule }: Pick<Choice, 'schedule'>): boolean {
  const { chunks, splitsBackward, flows } = scheduleOf(schedule);
  return chunks !== 'fold' && !splitsBackward && flows !== true;
}

/**
 * Of a pipeline beside unlike ones, seconds that follow its last backward at least: what it reduces before all average their
 * gradients, where its ranks keep shards to reduce to, and what it gathers and updates then.
 */
export function leastAfter(
  problem: Problem,
  candidate: Candidate,
  costs: readonly StageSeconds[],
  keepsShards: boolean,
): { readonly reduce: number; readonly rest: number } {
  const loosest = loosestOf(problem, candidate);
  const lines = stageLines(candidate, costs, loosest.ends);
  const rests = alternatives(lines, (one) => one.rest).map((line) => leastRest(problem, candidate, line));
  return {
    reduce: firstReduced(problem, candidate, costs, loosest, keepsShards ? lines[0]![0]!.reduce : []),
    rest: Math.max(...rests),
  };
}

/** What a candidate itself has. */
export function loosestOf(problem: Problem, { layout, choice }: Candidate): Loosest {
  return {
    ramp: rampShare(problem, layout, choice),
    transfers: true,
    ends: choice.fewest === null ? 'own' : 'anyRecompute',
    orders: [choice],
  };
}

/** Lines of each stage, by run. */
export function stageLines(
  { layout }: Candidate,
  costs: readonly StageSeconds[],
  ends: Loosest['ends'],
): LeastEndLines[][] {
  return layout.runs.map(({ stages }, run) =>
    Array.from({ length: stages }, (_, stage) => costs[run]!.leastEnds(stage)[ends]),
  );
}

/** Each stage's first line, and each one's last where any has more. */
function alternatives(
  lines: readonly (readonly LeastEndLines[])[],
  of: (one: LeastEndLines) => readonly LeastEnd[],
): ((run: number, stage: number) => LeastEnd)[] {
  const first = (run: number, stage: number) => of(lines[run]![stage]!)[0]!;
  if (lines.every((run) => run.every((one) => of(one).length === 1))) return [first];
  return [first, (run, stage) => of(lines[run]![stage]!).at(-1)!];
}

/**
 * No stage that gathers and updates longest does so in less. One that takes r_k for a layer of kind k and o apart from layers
 * gets at most ρ = max_k w_k/r_k of the layers' worth done in a second: T ≥ (Σ w + Σ ρ_s·o_s) / Σ ρ_s, for any weights w.
 */
function leastRest(
  problem: Problem,
  candidate: Candidate,
  line: (run: number, stage: number) => LeastEnd,
): number {
  const kinds = kindCounts(problem);
  const { runs, pp } = candidate.layout;
  const ends = endStages(sharedOf(candidate), pp);
  const rests = runs.flatMap(({ stages }, run) => Array.from({ length: stages }, (_, i) => line(run, i)));
  const worth = kinds.map((_, kind) => rests.reduce((sum, { perLayer }) => sum + perLayer[kind]!, 0));
  let all = kinds.reduce((sum, count, kind) => sum + count * worth[kind]!, 0);
  if (all <= 0) return 0;
  let rates = 0;
  for (const [stage, { perLayer, embedding, head }] of rests.entries()) {
    let rate = 0;
    for (const [kind, count] of kinds.entries()) {
      if (count === 0) continue;
      if (perLayer[kind]! <= 0) return 0;
      rate = Math.max(rate, worth[kind]! / perLayer[kind]!);
    }
    rates += rate;
    if (ends.all || ends.embedding === stage) all += rate * embedding;
    if (ends.all || ends.head === stage) all += rate * head;
  }
  return Math.max(0, all / rates);
}

/**
 * Of a stage's layers, the share in its first chunk: every micro-batch's way to the next stage, and its last way back, leads
 * through it, where a backward is one pass and a step ends with nothing in flight.
 */
export function rampShare(
  { model }: Problem,
  { family, pp }: Pick<Layout, 'family' | 'pp'>,
  choice: Pick<Choice, 'vpp' | 'schedule'>,
): number {
  const { vpp } = choice;
  if (!drains(choice)) return 0;
  if (vpp === 1) return 1;
  // The first chunk may have the lighter kinds of layer, or one layer less.
  const alike = model.kinds.length === 1 && (family !== 'uniform' || model.layers.length % (pp * vpp) === 0);
  return alike ? 1 / vpp : 0;
}
