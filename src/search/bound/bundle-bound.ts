import type { Problem } from '../../domain/problem.ts';
import { endStages } from '../../evaluate/ends.ts';
import { techniqueKeys } from '../../techniques/index.ts';
import { remembered, rememberedOf } from '../../units/remembered.ts';
import { type Bundle, bundleChoices } from '../space/bundles.ts';
import { type Candidate, sharedOf } from '../space/candidate.ts';
import type { Choice } from '../space/choices.ts';
import type { Layout } from '../space/frame.ts';
import type { SearchOptions } from '../space/options.ts';
import { rampShare } from './bounds.ts';
import { bySize, type Group } from './by-size.ts';
import { type Alone, chainCuts } from './chain-cuts.ts';
import type { CostBook } from './cost-book.ts';
import { leastPassing } from './crossings.ts';
import { kindCounts } from './kind-counts.ts';
import { leastAmong, standInOf } from './stand-in.ts';
import { type BoundedStage, wholeLayers } from './whole-layers.ts';

/** What the stages of a chain are known to take, whatever the cut. */
interface Paces {
  /** What all layers are worth together. */
  readonly worth: number;
  /** By stage: worth of layers that it gets done in a second at most, beside what a bound with whole layers asks. */
  readonly stages: readonly (BoundedStage & { readonly rate: number })[];
  /** Layers that are whole. */
  readonly whole: number;
  /** The stage with the head has one layer at least. */
  readonly withHead: number;
}

function pacesOf(problem: Problem, book: CostBook, candidate: Candidate): Paces {
  const { layout, choice } = candidate;
  const costs = book.seconds(candidate);
  const kinds = kindCounts(problem);
  // It may be dealt fewer, which are filled sooner.
  const microBatches = Math.floor(problem.workload.globalBatchSize / choice.microBatchSize / layout.dp);
  const passing = leastPassing(problem, layout, costs, { vpp: choice.vpp, microBatches });
  const worth = kinds.map((_, kind) => costs.reduce((sum, cost) => sum + cost.secondsPerLayer[kind]!, 0));
  const ends = endStages(sharedOf(candidate), layout.pp);
  const stages: Paces['stages'][number][] = [];
  const ramp = rampShare(problem, layout, choice);
  let withHead = 0;
  const standIn = standInOf(problem);
  for (const [run, { stages: count }] of layout.runs.entries()) {
    const { secondsPerLayer, embeddingSeconds, headSeconds } = costs[run]!;
    let rate = 0;
    for (const [kind, layers] of kinds.entries())
      if (layers > 0) rate = Math.max(rate, worth[kind]! / secondsPerLayer[kind]!);
    for (let i = 0; i < count; i++) {
      const stage = stages.length;
      const head = ends.all || ends.head === stage;
      if (head) withHead = headSeconds + Math.min(...secondsPerLayer);
      const beside =
        (ends.all || ends.embedding === stage ? embeddingSeconds : 0) +
        (head ? headSeconds : 0) +
        passing(run, i);
      stages.push({ rate, beside, ramp, seconds: leastAmong(secondsPerLayer, standIn) });
    }
  }
  return {
    worth: kinds.reduce((sum, count, kind) => sum + count * worth[kind]!, 0),
    ...{ stages, withHead },
    whole: standIn.layers,
  };
}

/** Seconds that so many micro-batches take at least in one replica: the linear program of pipelineBound. */
function leastFor(
  { worth, stages, withHead, whole }: Paces,
  microBatches: number,
  room: readonly number[] | null,
): number {
  let all = worth;
  let dual = 0;
  for (let s = stages.length - 1; s >= 0; s--) {
    const { rate, beside, ramp } = stages[s]!;
    const y = Math.max(0, rate - ramp * dual) / microBatches;
    all += microBatches * y * beside;
    dual += y;
  }
  const atLeast = Math.max(all / dual, microBatches * withHead);
  return wholeLayers(stages, whole, { microBatches, room }, atLeast);
}

/** What is known of a bundle when one of its chains is asked for the most it gets done. */
export interface Around {
  /** Up to the last backward of all. */
  readonly seconds: number;
  /** Fewest replicas of another chain of its depth, with which it may be one pipeline; null: none has it. */
  readonly joins: number | null;
}

/** How much a chain gets done at most, whatever its cut. */
export interface ChainPace {
  /** Micro-batches a second, all its replicas together. */
  readonly rate: number;
  /** Micro-batches of all its replicas. */
  mostWithin(around: Around): number;
  /** In a whole step of so many seconds, as a pipeline by itself that one cut is for; of the longest step that was asked. */
  mostAlone(step: number): number;
  /** As part of a pipeline with others of its depth, which have so many replicas at least. */
  mostJoined(seconds: number, others: number): number;
}

export function chainPace(problem: Problem, book: CostBook, candidate: Candidate, known: Alone): ChainPace {
  const { after, room } = known;
  const { layout, choice } = candidate;
  const { dp } = layout;
  const paces = pacesOf(problem, book, candidate);
  const total = problem.workload.globalBatchSize / choice.microBatchSize;
  const each = Math.floor(total / dp);
  const fits = new Map<number, readonly number[] | null>();
  const secondsFor = (microBatches: number) => {
    const fit = remembered(fits, microBatches, () => room.mostOf(choice, microBatches));
    return leastFor(paces, microBatches, fit);
  };
  let alone: number | null = null;
  const mostAlone = (step: number) => {
    // What does not fit is told then, not left aside.
    if (step === Number.POSITIVE_INFINITY) return dp * each;
    const within = chainCuts(problem, book, candidate, known);
    return dp * largest(each, (count) => within(count, secondsFor(count), step));
  };
  // Replicas of another pace but with its cut are those of one pipeline: each of M slots stands for m/M micro-batches of one that is dealt
  // m, which takes no less than m/M of what M of its own would; that is least where M is largest.
  const mostJoined = (seconds: number, others: number) => {
    const slots = Math.ceil(total / (dp + others));
    const most = Math.floor(((seconds * slots) / leastFor(paces, slots, null)) * (1 + ROUNDING));
    return dp * Math.min(each, most);
  };
  return {
    rate: rateOf(paces, layout),
    mostWithin({ seconds, joins }) {
      if (seconds === Number.POSITIVE_INFINITY) return dp * each;
      const own = dp * largest(each, (count) => secondsFor(count) < seconds - after.reduce);
      return joins === null ? own : Math.max(own, mostJoined(seconds, joins));
    },
    mostAlone(step) {
      alone ??= mostAlone(step);
      return alone;
    },
    mostJoined,
  };
}

/** The largest number from 0 to `most` that may be, where all smaller ones may. */
function largest(most: number, may: (count: number) => boolean): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (may(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Times of whole layers are tried in steps. */
const ROUNDING = 1e-3;

/**
 * Micro-batches a second that no cut of a candidate exceeds, all its replicas together. A stage with f_s seconds apart from
 * layers gets at most ρ_s = max_k w_k/t_k of the layers' worth Σ w done in a second, for any weights w: where each takes at most
 * T, Σ ρ_s·(T − f_s) ≥ Σ w.
 */
function rateOf(paces: Paces, { dp }: Layout): number {
  const stages = paces.stages.map((stage) => ({ ...stage, ramp: 0 }));
  return dp / leastFor({ ...paces, stages }, 1, null);
}

/** Of each chain that a class may be, micro-batches a second at most with any choice of a size; 0: it has more copies than micro-batches. */
export function mostRates(
  problem: Problem,
  book: CostBook,
  layouts: readonly Layout[],
  { barest }: Group,
): readonly number[] {
  const known = rememberedOf(rates, layouts, () => new Map<string, readonly number[]>());
  const { microBatchSize } = barest[0]!;
  const total = problem.workload.globalBatchSize / microBatchSize;
  const most = (layout: Layout) =>
    Math.max(...barest.map((choice) => rateOf(pacesOf(problem, book, { layout, choice }), layout)));
  return remembered(known, barest.map(keyOf).join(';'), () =>
    layouts.map((layout) => (layout.dp <= total ? most(layout) : 0)),
  );
}

function keyOf({ microBatchSize, techniques }: Choice): string {
  return `${microBatchSize}|${techniqueKeys(techniques).all}`;
}

/** Several bundles have a class in common. */
const rates = new WeakMap<readonly Layout[], Map<string, readonly number[]>>();

/** Step of pipelines that take so many seconds up to the last backward, at least. */
export function stepAtLeast({ stack }: Problem, seconds: number): number {
  return (seconds + stack.host.secondsPerStep) * stack.timeMultiplier.value;
}

/** And what is left up to the last backward of a step of so many. */
export function secondsLeft({ stack }: Problem, step: number): number {
  return step / stack.timeMultiplier.value - stack.host.secondsPerStep;
}

/** Pipelines that share the batch work as fast together as the fastest chain of each class. */
export function leastOfBundle(
  problem: Problem,
  options: SearchOptions,
  book: CostBook,
  bundle: Bundle,
): number {
  let least = Number.POSITIVE_INFINITY;
  const frames = bundle.classes.map(([layout]) => layout!);
  for (const group of bySize(bundleChoices(problem, bundle, options))) {
    const all = bundle.classes.map((layouts) => Math.max(...mostRates(problem, book, layouts, group)));
    if (all.includes(0)) continue;
    const rate = all.reduce((a, b) => a + b, 0);
    const total = problem.workload.globalBatchSize / group.barest[0]!.microBatchSize;
    least = Math.min(least, options.objective.bound(stepAtLeast(problem, total / rate), frames));
  }
  return least;
}
