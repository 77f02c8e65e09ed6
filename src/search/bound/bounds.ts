import type { NodeGroup } from '../../domain/cluster.ts';
import { isNarrow } from '../../domain/dtype.ts';
import type { Problem } from '../../domain/problem.ts';
import { endStages } from '../../evaluate/ends.ts';
import type { LeastEnd, LeastEndLines, LeastEnds } from '../../evaluate/least-ends.ts';
import { paceOf } from '../../evaluate/measured/pace.ts';
import { modelFlopsPerStep } from '../../evaluate/model-flops.ts';
import type { StageSeconds } from '../../evaluate/stage-costs.ts';
import { type Coefficients, coefficients } from '../../hardware/coefficients.ts';
import { densePeak, gemmCurve, speedup } from '../../hardware/gemm.ts';
import { scheduleOf } from '../../schedules/index.ts';
import { rememberedOf } from '../../units/remembered.ts';
import { type Candidate, microBatchesPerReplica, sharedOf } from '../space/candidate.ts';
import type { Choice } from '../space/choices.ts';
import type { Frame, Layout } from '../space/frame.ts';
import { crossings, waysBound } from './crossings.ts';
import { kindCounts } from './kind-counts.ts';
import type { Squeezed } from './squeeze.ts';

/** Model FLOPs at the best rate any kernel of each GPU in use reaches: below every plan of these chains side by side, whatever its switches. */
export function frameBound(problem: Problem, frames: readonly Frame[]): number {
  const { flops, rates } = rememberedOf(atBest, problem, () => ({
    flops: modelFlopsPerStep(problem),
    rates: problem.cluster.groups.map((group) => bestRate(problem, group)),
  }));
  let rate = 0;
  for (const { runs, cp, dp } of frames)
    for (const { group, stages, tp, fold = 1 } of runs)
      rate += (stages * tp * cp * dp * rates[group]!) / fold;
  return (flops / rate) * problem.stack.timeMultiplier.value;
}

/** FLOPs of a step, and the best rate of each group's GPUs: the same for all frames. */
const atBest = new WeakMap<Problem, { readonly flops: number; readonly rates: readonly number[] }>();

/** Model FLOP/s that no plan exceeds on a GPU of a group: as estimated, as a profile scales that, or as it was measured. */
function bestRate(problem: Problem, group: NodeGroup): number {
  const estimated = kernelRate(problem, group, coefficients(problem.coefficients));
  if (problem.layerProfile === undefined) return estimated;
  const { leastFactor, mostFlops } = paceOf(problem, group);
  return Math.max(estimated / leastFactor, mostFlops);
}

/** FLOP/s of an endless GEMM or an endless sequence of attention, whichever is faster. */
function kernelRate({ workload }: Problem, { gpu }: NodeGroup, c: Coefficients): number {
  const { curve, peak } = gemmCurve(gpu, workload.precision);
  const gemm =
    (peak * curve.maxEfficiency * speedup(gpu, workload.precision, c)) /
    (gpu.sustainedSlowdown * (isNarrow(workload.precision) ? c.fp8Sustained : 1));
  const training = Math.min(c.attentionTraining, c.attentionTrainingCudnn, 1);
  const attention = (densePeak(gpu) * gpu.attention.efficiencyHeadDim128) / training;
  return Math.max(gemm, attention, densePeak(gpu) * c.unfusedBatchedGemm);
}

/**
 * No cut of a candidate makes its step faster. What the pipeline takes up to the last backward, and the end of the step with
 * its layers shared out by how fast each stage gets through that; or each stage's last backward and what it reduces then.
 * A bound of `enough` is not sharpened.
 */
export function lowerBound(
  problem: Problem,
  candidate: Candidate,
  costs: readonly StageSeconds[],
  loosest: Loosest = loosestOf(problem, candidate),
  enough = Number.POSITIVE_INFINITY,
): number {
  const { ramp, ends, orders, squeeze } = loosest;
  const plain = costs.map(({ secondsPerLayer }) => ({ secondsPerLayer, ramp, fixed: 0 }));
  const paceAt = (run: number, stage: number): Pace => {
    if (squeeze === undefined) return plain[run]!;
    const { perLayer, fixed } = squeeze(run, stage);
    const own = costs[run]!.secondsPerLayer;
    const secondsPerLayer = own.map((seconds, kind) => seconds + perLayer[kind]!);
    return { secondsPerLayer, ramp: ramp * shareOf(own, secondsPerLayer), fixed };
  };
  const { secondsPerStep } = problem.stack.host;
  const multiplier = problem.stack.timeMultiplier.value;
  const atLeast = Math.max(
    waysBound(problem, candidate, costs, orders),
    pipelineBound(problem, candidate, costs, loosest, paceAt),
  );
  if ((atLeast + secondsPerStep) * multiplier >= enough) return (atLeast + secondsPerStep) * multiplier;
  const microBatches = microBatchesPerReplica(problem, candidate);
  const lines = stageLines(candidate, costs, ends);
  let reduced = atLeast;
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
    reduced = Math.max(reduced, pipelineBound(problem, candidate, costs, loosest, reducing));
  }
  let rest = 0;
  for (const line of alternatives(lines, (one) => one.rest))
    rest = Math.max(rest, leastRest(problem, candidate, line));
  return (reduced + rest + secondsPerStep) * multiplier;
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
function stageLines(
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
 * The same by kernels alone, for a look at many candidates: with M micro-batches, and at most ρ_s = max_k w_k/t_k of the layers'
 * worth Σ w done in a second by stage s, M·Σ w / Σ ρ_s ≤ step, for any weights w.
 */
export function kernelBound(
  problem: Problem,
  candidate: Candidate,
  kernels: readonly (readonly number[])[],
): number {
  const kinds = kindCounts(problem);
  const worth = kinds.map((_, kind) => kernels.reduce((sum, seconds) => sum + seconds[kind]!, 0));
  const all = kinds.reduce((sum, count, kind) => sum + count * worth[kind]!, 0);
  let rates = 0;
  for (const [run, { stages }] of candidate.layout.runs.entries()) {
    const rate = (kind: number) => (kinds[kind]! > 0 ? worth[kind]! / kernels[run]![kind]! : 0);
    rates += stages * kinds.reduce((most, _, kind) => Math.max(most, rate(kind)), 0);
  }
  const pipeline = (microBatchesPerReplica(problem, candidate) * all) / rates;
  return (pipeline + problem.stack.host.secondsPerStep) * problem.stack.timeMultiplier.value;
}

/** Share of a layer's own passes in seconds to which more was added, whatever its kind. */
function shareOf(own: readonly number[], more: readonly number[]): number {
  return Math.min(...more.map((seconds, kind) => own[kind]! / seconds));
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

/** How fast a stage works. */
interface Pace {
  readonly secondsPerLayer: readonly number[];
  /** Share of its layers that a micro-batch has to pass before the next stage begins, and after it ends. */
  readonly ramp: number;
  /** Seconds of a micro-batch beside them. */
  readonly fixed: number;
  /** Seconds of a micro-batch that the ends of the model take beside their own. */
  readonly beside?: { readonly embedding: number; readonly head: number };
}

/**
 * With M micro-batches, a stage s that takes t_s seconds for one, f_s of them apart from layers, and a share r of every
 * stage's layers to be passed before the next begins and after it ends (rampShare): M·t_s + r·Σ_{i<s} (t_i − f_i) ≤ step for
 * every s. A stage gets at most ρ_s = max_k w_k/t_k of the layers' worth Σ w done in a second, for any weights w, so that
 * Σ ρ_s·(t_s − f_s) ≥ Σ w. Of this linear program the dual y_s = (ρ_s − r_s·Σ_{i>s} y_i)/M gives
 * step ≥ (Σ w + M·Σ y_s·f_s) / Σ y_s: for equal stages and r = 1, Σ t / (1 − (1 − 1/M)^p). And each chunk of unlike stages has
 * one layer at least, the stage with the head one beside it.
 */
function pipelineBound(
  problem: Problem,
  candidate: Candidate,
  costs: readonly StageSeconds[],
  { transfers, orders }: Pick<Loosest, 'transfers' | 'orders'>,
  paceOf: (run: number, stage: number) => Pace,
): number {
  const { layout, choice } = candidate;
  const kinds = kindCounts(problem);
  const crossing = transfers ? crossings(problem, layout, costs, choice.vpp) : [];
  const worth = worthOf(costs, kinds);
  const microBatches = microBatchesPerReplica(problem, candidate);
  const ends = endStages(sharedOf(candidate), layout.pp);
  const last = problem.model.layers.at(-1)!;
  let all = 0;
  for (const [kind, count] of kinds.entries()) all += count * worth[kind]!;
  /** Σ y of the stages seen so far, from the last to the first. */
  let dual = 0;
  const layersAtLeast = layout.family === 'uniform' ? 0 : Math.min(...orders.map(({ vpp }) => vpp));
  let slowest = 0;
  let stage = layout.pp - 1;
  for (let run = layout.runs.length - 1; run >= 0; run--) {
    const { embeddingSeconds, headSeconds } = costs[run]!;
    const { stages } = layout.runs[run]!;
    for (let i = stages - 1; i >= 0; i--, stage--) {
      const { secondsPerLayer, ramp, fixed, beside: more } = paceOf(run, i);
      let rate = 0;
      let quickest = Number.POSITIVE_INFINITY;
      for (const [kind, count] of kinds.entries()) {
        const seconds = secondsPerLayer[kind]!;
        if (count === 0) continue;
        if (seconds <= 0) return 0;
        rate = Math.max(rate, worth[kind]! / seconds);
        quickest = Math.min(quickest, seconds);
      }
      const y = Math.max(0, rate - ramp * dual) / microBatches;
      let beside = fixed;
      if (ends.all || ends.embedding === stage) beside += embeddingSeconds + (more?.embedding ?? 0);
      if (ends.all || ends.head === stage) {
        const ofHead = headSeconds + (more?.head ?? 0);
        beside += ofHead;
        slowest = Math.max(slowest, ofHead + secondsPerLayer[last]!);
      }
      if (i === 0) beside += crossing[run - 1] ?? 0;
      if (i === stages - 1) beside += crossing[run] ?? 0;
      slowest = Math.max(slowest, beside + layersAtLeast * quickest);
      all += microBatches * y * beside;
      dual += y;
    }
  }
  return Math.max(all / dual, microBatches * slowest);
}

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

/**
 * Of a stage's layers, the share in its first chunk: every micro-batch's way to the next stage, and its last way back, leads
 * through it, where a backward is one pass and a step ends with nothing in flight.
 */
export function rampShare(
  { model }: Problem,
  { family, pp }: Pick<Layout, 'family' | 'pp'>,
  { vpp, schedule }: Pick<Choice, 'vpp' | 'schedule'>,
): number {
  const { chunks, splitsBackward, flows } = scheduleOf(schedule);
  if (chunks === 'fold' || splitsBackward || flows === true) return 0;
  if (vpp === 1) return 1;
  // The first chunk may have the lighter kinds of layer, or one layer less.
  const alike = model.kinds.length === 1 && (family !== 'uniform' || model.layers.length % (pp * vpp) === 0);
  return alike ? 1 / vpp : 0;
}

/** What a layer of each kind counts for: its mean over the shapes. Any weights give a bound; these a tight one. */
function worthOf(costs: readonly StageSeconds[], kinds: readonly number[]): number[] {
  return kinds.map((_, kind) => costs.reduce((sum, cost) => sum + cost.secondsPerLayer[kind]!, 0));
}
