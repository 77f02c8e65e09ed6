import type { Problem } from '../../domain/problem.ts';
import { endStages } from '../../evaluate/ends.ts';
import { modelFlopsPerStep } from '../../evaluate/model-flops.ts';
import type { StageSeconds } from '../../evaluate/stage-costs.ts';
import { type Coefficients, coefficients } from '../../hardware/coefficients.ts';
import { densePeak, gemmCurve, speedup } from '../../hardware/gemm.ts';
import { rememberedOf } from '../../units/remembered.ts';
import { type Candidate, microBatchesPerReplica, sharedOf } from '../space/candidate.ts';
import type { Frame } from '../space/frame.ts';
import { crossings } from './crossings.ts';

/** Model FLOPs at the best rate any kernel of each GPU in use reaches: below every plan of these chains side by side, whatever its switches. */
export function frameBound(problem: Problem, frames: readonly Frame[]): number {
  const c = coefficients(problem.coefficients);
  let rate = 0;
  for (const { runs, cp, dp } of frames) {
    for (const { group, stages, tp } of runs) rate += stages * tp * cp * dp * bestRate(problem, group, c);
  }
  return (modelFlopsPerStep(problem) / rate) * problem.stack.timeMultiplier.value;
}

/** FLOP/s of an endless GEMM or an endless sequence of attention, whichever is faster. */
function bestRate({ cluster, workload }: Problem, group: number, c: Coefficients): number {
  const { gpu } = cluster.groups[group]!;
  const narrow = workload.precision !== 'bf16' && workload.precision !== 'fp16';
  const { curve, peak } = gemmCurve(gpu, workload.precision);
  const gemm =
    (peak * curve.maxEfficiency * speedup(gpu, workload.precision, c)) /
    (gpu.sustainedSlowdown * (narrow ? c.fp8Sustained : 1));
  const training = Math.min(c.attentionTraining, c.attentionTrainingCudnn, 1);
  const attention = (densePeak(gpu) * gpu.attention.efficiencyHeadDim128) / training;
  return Math.max(gemm, attention, densePeak(gpu) * c.unfusedBatchedGemm);
}

/**
 * A step is never faster than its busiest stage working without a pause, and the busiest stage never has less than its
 * share of all layers at the best possible speeds, nor less than one layer with the head: with T seconds a stage gets
 * through at most (T − fixed)·max_k w_k/t_k of the layers' worth Σ w, for any weights w. `transfers` counts what transfers
 * between unlike groups keep stages from.
 */
export function lowerBound(
  problem: Problem,
  candidate: Candidate,
  costs: readonly StageSeconds[],
  transfers = true,
): number {
  const { layout, choice } = candidate;
  const kinds = kindCounts(problem);
  const crossing = transfers ? crossings(problem, layout, costs, choice.vpp) : [];
  const worth = worthOf(costs, kinds);
  const rates = costs.map(({ secondsPerLayer }) => {
    let rate = 0;
    for (const [kind, count] of kinds.entries())
      if (count > 0) rate = Math.max(rate, worth[kind]! / secondsPerLayer[kind]!);
    return rate;
  });
  const last = problem.model.layers.at(-1)!;
  let all = 0;
  for (const [kind, count] of kinds.entries()) all += count * worth[kind]!;
  let speed = 0;
  let withHead = 0;
  const ends = endStages(sharedOf(candidate), layout.pp);
  let next = 0;
  for (const [run, { stages }] of layout.runs.entries()) {
    const { embeddingSeconds, headSeconds, secondsPerLayer } = costs[run]!;
    const [first, end] = [next, next + stages];
    const here = (stage: number) => (ends.all ? stages : stage >= first && stage < end ? 1 : 0);
    const heads = here(ends.head);
    speed += rates[run]! * stages;
    all += rates[run]! * (here(ends.embedding) * embeddingSeconds + heads * headSeconds);
    if (heads > 0) withHead = Math.max(withHead, headSeconds + secondsPerLayer[last]!);
    next = end;
  }
  for (const [i, rate] of rates.entries()) all += rate * ((crossing[i - 1] ?? 0) + (crossing[i] ?? 0));
  const busiest = Math.max(all / speed, withHead);
  return microBatchesPerReplica(problem, candidate) * busiest * problem.stack.timeMultiplier.value;
}

/** What a layer of each kind counts for: its mean over the shapes. Any weights give a bound; these a tight one. */
function worthOf(costs: readonly StageSeconds[], kinds: readonly number[]): number[] {
  return kinds.map((_, kind) => costs.reduce((sum, cost) => sum + cost.secondsPerLayer[kind]!, 0));
}

const counted = new WeakMap<Problem, readonly number[]>();

/** Layers of each kind. */
function kindCounts(problem: Problem): readonly number[] {
  return rememberedOf(counted, problem, () => {
    const counts = new Array<number>(problem.model.kinds.length).fill(0);
    for (const kind of problem.model.layers) counts[kind]! += 1;
    return counts;
  });
}
