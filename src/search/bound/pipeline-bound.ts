import type { Problem } from '../../domain/problem.ts';
import { endStages } from '../../evaluate/ends.ts';
import type { LeastEnds } from '../../evaluate/least-ends.ts';
import type { StageSeconds } from '../../evaluate/stage-costs.ts';
import { type Candidate, microBatchesPerReplica, sharedOf } from '../space/candidate.ts';
import type { Choice } from '../space/choices.ts';
import type { Layout } from '../space/frame.ts';
import type { Passing } from './crossings.ts';
import { kindCounts } from './kind-counts.ts';
import type { Squeezed } from './squeeze.ts';
import { leastAmong, standInOf } from './stand-in.ts';
import { type BoundedStage, wholeLayers } from './whole-layers.ts';

/** What candidates that are bounded together have at least. */
export interface Loosest {
  readonly ramp: number;
  /** Transfers between unlike groups count. */
  readonly transfers: boolean;
  /** What their recomputation hides of the end of a step. */
  readonly ends: keyof LeastEnds;
  /** Schedules, and techniques that keep more micro-batches alive, each pair once. */
  readonly orders: readonly Choice[];
  /** What stages take because memory is short; left out: nothing. */
  readonly squeeze?: (run: number, stage: number) => Squeezed;
}

/** How fast a stage works. */
export interface Pace {
  readonly secondsPerLayer: readonly number[];
  /** Share of its layers that a micro-batch has to pass before the next stage begins, and after it ends. */
  readonly ramp: number;
  /** Seconds of a micro-batch beside them. */
  readonly fixed: number;
  /** Seconds of a micro-batch that the ends of the model take beside their own. */
  readonly beside?: { readonly embedding: number; readonly head: number };
}

/** How fast each stage works, by its run and its number there. */
export function pacesFor(
  costs: readonly StageSeconds[],
  { ramp, squeeze }: Pick<Loosest, 'ramp' | 'squeeze'>,
): (run: number, stage: number) => Pace {
  const plain = costs.map(({ secondsPerLayer }) => ({ secondsPerLayer, ramp, fixed: 0 }));
  return (run, stage) => {
    if (squeeze === undefined) return plain[run]!;
    const { perLayer, fixed } = squeeze(run, stage);
    const own = costs[run]!.secondsPerLayer;
    const secondsPerLayer = own.map((seconds, kind) => seconds + perLayer[kind]!);
    return { secondsPerLayer, ramp: ramp * shareOf(own, secondsPerLayer), fixed };
  };
}

/** Of each stage: each chunk of unlike stages has one layer. */
export function layersAtLeast({ family }: Layout, orders: readonly Choice[]): number {
  return family === 'uniform' ? 0 : Math.min(...orders.map(({ vpp }) => vpp));
}

/** Of the layers that stand for all. */
export function fewestWhole(problem: Problem, layout: Layout, orders: readonly Choice[]): number {
  return standInOf(problem).others > 0 ? 0 : layersAtLeast(layout, orders);
}

/** Share of a layer's own passes in seconds to which more was added, whatever its kind. */
export function shareOf(own: readonly number[], more: readonly number[]): number {
  return Math.min(...more.map((seconds, kind) => own[kind]! / seconds));
}

/**
 * With M micro-batches, a stage s that takes t_s seconds for one, f_s of them apart from layers, and a share r of every
 * stage's layers to be passed before the next begins and after it ends (rampShare): M·t_s + r·Σ_{i<s} (t_i − f_i) ≤ step for
 * every s. A stage gets at most ρ_s = max_k w_k/t_k of the layers' worth Σ w done in a second, for any weights w, so that
 * Σ ρ_s·(t_s − f_s) ≥ Σ w. Of this linear program the dual y_s = (ρ_s − r_s·Σ_{i>s} y_i)/M gives
 * step ≥ (Σ w + M·Σ y_s·f_s) / Σ y_s: for equal stages and r = 1, Σ t / (1 − (1 − 1/M)^p). And each chunk of unlike stages has
 * one layer at least; the last stage has one beside the head, and all others come before it or are its own; and layers are whole.
 */
export function pipelineBound(
  problem: Problem,
  candidate: Candidate,
  costs: readonly StageSeconds[],
  { orders }: Pick<Loosest, 'orders'>,
  passing: Passing | null,
  paceOf: (run: number, stage: number) => Pace,
): number {
  const { layout } = candidate;
  const kinds = kindCounts(problem);
  const worth = worthOf(costs, kinds);
  const microBatches = microBatchesPerReplica(problem, candidate);
  const ends = endStages(sharedOf(candidate), layout.pp);
  const last = problem.model.layers.at(-1)!;
  let all = 0;
  for (const [kind, count] of kinds.entries()) all += count * worth[kind]!;
  /** Σ y of the stages seen so far, from the last to the first. */
  let dual = 0;
  const fewest = layersAtLeast(layout, orders);
  let slowest = 0;
  let withHead = 0;
  /** What another layer of each kind adds to the last stage's time at least: before it, or on it. */
  const before = kinds.map(() => Number.POSITIVE_INFINITY);
  const whole = standInOf(problem);
  const stages: BoundedStage[] = [];
  let stage = layout.pp - 1;
  for (let run = layout.runs.length - 1; run >= 0; run--) {
    const { embeddingSeconds, headSeconds } = costs[run]!;
    const { stages: count } = layout.runs[run]!;
    for (let i = count - 1; i >= 0; i--, stage--) {
      const { secondsPerLayer, ramp, fixed, beside: more } = paceOf(run, i);
      let rate = 0;
      let quickest = Number.POSITIVE_INFINITY;
      for (const [kind, count] of kinds.entries()) {
        const seconds = secondsPerLayer[kind]!;
        if (count === 0) continue;
        if (seconds <= 0) return 0;
        rate = Math.max(rate, worth[kind]! / seconds);
        quickest = Math.min(quickest, seconds);
        before[kind] = Math.min(before[kind]!, (stage < layout.pp - 1 ? ramp : microBatches) * seconds);
      }
      const y = Math.max(0, rate - ramp * dual) / microBatches;
      let beside = fixed;
      if (ends.all || ends.embedding === stage) beside += embeddingSeconds + (more?.embedding ?? 0);
      const head = ends.all || ends.head === stage;
      if (head) beside += headSeconds + (more?.head ?? 0);
      beside += passing?.(run, i) ?? 0;
      if (head) withHead = beside + secondsPerLayer[last]!;
      slowest = Math.max(slowest, beside + fewest * quickest);
      all += microBatches * y * beside;
      dual += y;
      stages.push({ seconds: leastAmong(secondsPerLayer, whole), beside, ramp });
    }
  }
  const { pp } = layout;
  const filled = pp > 1 && ends.head === pp - 1 && !ends.all ? overOthers(kinds, last, before) : 0;
  const atLeast = Math.max(all / dual, microBatches * slowest, microBatches * withHead + filled);
  return wholeLayers(stages.reverse(), whole.layers, { microBatches, room: null }, atLeast);
}

/** Of all layers but one of a kind, each with the least of its kind. */
export function overOthers(kinds: readonly number[], but: number, least: readonly number[]): number {
  let sum = 0;
  for (const [kind, count] of kinds.entries()) {
    const others = kind === but ? count - 1 : count;
    if (others > 0) sum += others * least[kind]!;
  }
  return sum;
}

/** What a layer of each kind counts for: its mean over the shapes. Any weights give a bound; these a tight one. */
function worthOf(costs: readonly StageSeconds[], kinds: readonly number[]): number[] {
  return kinds.map((_, kind) => costs.reduce((sum, cost) => sum + cost.secondsPerLayer[kind]!, 0));
}
