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
import type { CostBook } from './cost-book.ts';
import { atCrossings, crossings } from './crossings.ts';
import { kindCounts } from './kind-counts.ts';
import { type BoundedStage, wholeLayers } from './whole-layers.ts';

/** What the stages of a chain are known to take, whatever the cut. */
interface Paces {
  /** What all layers are worth together. */
  readonly worth: number;
  /** By stage: worth of layers that it gets done in a second at most, beside what a bound with whole layers asks. */
  readonly stages: readonly (BoundedStage & { readonly rate: number })[];
  /** Layers, where they are whole and of one kind; else null. */
  readonly whole: number | null;
  /** The stage with the head has one layer at least. */
  readonly withHead: number;
}

/** `joined`: replicas of one pipeline are taken to pass on as many micro-batches each, those of slow ones faster: only parts of layers bound that, and no ramp. */
function pacesOf(problem: Problem, book: CostBook, candidate: Candidate, joined: boolean): Paces {
  const { layout, choice } = candidate;
  const costs = book.seconds(candidate);
  const kinds = kindCounts(problem);
  const crossing = crossings(problem, layout, costs, choice.vpp);
  const worth = kinds.map((_, kind) => costs.reduce((sum, cost) => sum + cost.secondsPerLayer[kind]!, 0));
  const ends = endStages(sharedOf(candidate), layout.pp);
  const stages: Paces['stages'][number][] = [];
  const ramp = joined ? 0 : rampShare(problem, layout, choice);
  let withHead = 0;
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
        atCrossings(crossing, run, i, count);
      stages.push({ rate, beside, ramp, seconds: Math.min(...secondsPerLayer) });
    }
  }
  return {
    worth: kinds.reduce((sum, count, kind) => sum + count * worth[kind]!, 0),
    ...{ stages, withHead },
    whole: joined || kinds.length > 1 ? null : problem.model.layers.length,
  };
}

/** Seconds that so many micro-batches take at least in one replica: the linear program of pipelineBound. */
function leastFor({ worth, stages, withHead, whole }: Paces, microBatches: number): number {
  let all = worth;
  let dual = 0;
  for (let s = stages.length - 1; s >= 0; s--) {
    const { rate, beside, ramp } = stages[s]!;
    const y = Math.max(0, rate - ramp * dual) / microBatches;
    all += microBatches * y * beside;
    dual += y;
  }
  const atLeast = Math.max(all / dual, microBatches * withHead);
  return whole === null ? atLeast : wholeLayers(stages, whole, microBatches, atLeast);
}

/**
 * Micro-batches a second that no cut of a candidate exceeds, all its replicas together. A stage with f_s seconds apart from
 * layers gets at most ρ_s = max_k w_k/t_k of the layers' worth Σ w done in a second, for any weights w: where each takes at most
 * T, Σ ρ_s·(T − f_s) ≥ Σ w.
 */
export function mostRate(problem: Problem, book: CostBook, candidate: Candidate, joined = true): number {
  const paces = pacesOf(problem, book, candidate, joined);
  const stages = paces.stages.map((stage) => ({ ...stage, ramp: 0 }));
  return candidate.layout.dp / leastFor({ ...paces, stages }, 1);
}

/** Micro-batches that all replicas of a candidate get done within so many seconds, at most; `joined`: others may have its cut. */
export function mostWithin(
  problem: Problem,
  book: CostBook,
  candidate: Candidate,
  { seconds, joined }: { readonly seconds: number; readonly joined: boolean },
): number {
  const { dp } = candidate.layout;
  const paces = pacesOf(problem, book, candidate, joined);
  const total = problem.workload.globalBatchSize / candidate.choice.microBatchSize;
  let [low, high] = [0, Math.floor(total / dp)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (leastFor(paces, middle) < seconds) low = middle;
    else high = middle - 1;
  }
  return low * dp;
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
  const rateOf = (layout: Layout) =>
    Math.max(...barest.map((choice) => mostRate(problem, book, { layout, choice })));
  return remembered(known, barest.map(keyOf).join(';'), () =>
    layouts.map((layout) => (layout.dp <= total ? rateOf(layout) : 0)),
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
