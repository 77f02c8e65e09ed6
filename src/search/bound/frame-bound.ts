import type { NodeGroup } from '../../domain/cluster.ts';
import type { Problem } from '../../domain/problem.ts';
import { leastBusiest } from '../../domain/routing.ts';
import { endStages } from '../../evaluate/ends.ts';
import { paceOf } from '../../evaluate/measured/pace.ts';
import { modelFlopsPerStep } from '../../evaluate/model-flops.ts';
import type { KernelSeconds } from '../../evaluate/stage-costs.ts';
import { type Coefficients, coefficients } from '../../hardware/coefficients.ts';
import { densePeak, endlessRate } from '../../hardware/gemm.ts';
import { rememberedOf } from '../../units/remembered.ts';
import { type Candidate, microBatchesPerReplica, sharedOf } from '../space/candidate.ts';
import type { Frame } from '../space/frame.ts';
import { kindCounts } from './kind-counts.ts';
import { overOthers } from './pipeline-bound.ts';

/** Model FLOPs at the best rate any kernel of each GPU in use reaches: below every plan of these chains side by side, whatever its switches. */
export function frameBound(problem: Problem, frames: readonly Frame[]): number {
  const { flops, rates } = rememberedOf(atBest, problem, () => ({
    // As if all of the model were experts.
    flops: modelFlopsPerStep(problem) * leastBusiest(problem.workload.routing),
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
function kernelRate({ workload }: Problem, { gpu, kernelTimes = 1 }: NodeGroup, c: Coefficients): number {
  const gemm = endlessRate(gpu, workload.precision, c);
  const training = Math.min(c.attentionTraining, c.attentionTrainingFlash2, c.attentionTrainingCudnn, 1);
  const attention = (densePeak(gpu) * gpu.attention.efficiencyHeadDim128) / training;
  return Math.max(gemm, attention, densePeak(gpu) * c.unfusedBatchedGemm) / kernelTimes;
}

/** Of the stage with the head, where one has all of it and no stage comes after: one layer beside it, and all others before. */
function headBound(
  problem: Problem,
  candidate: Candidate,
  kernels: readonly KernelSeconds[],
  ramp: number,
): number {
  const { pp, runs } = candidate.layout;
  const { head, all } = endStages(sharedOf(candidate), pp);
  if (all || head !== pp - 1) return 0;
  const { secondsPerLayer, headSeconds } = kernels[runs.length - 1]!;
  const microBatches = microBatchesPerReplica(problem, candidate);
  const last = problem.model.layers.at(-1)!;
  const kinds = kindCounts(problem);
  const least = kinds.map((_, kind) => Math.min(...kernels.map((one) => one.secondsPerLayer[kind]!)));
  const before = overOthers(kinds, last, least);
  // Where there is no other stage they are its own.
  return microBatches * (headSeconds + secondsPerLayer[last]!) + (pp > 1 ? ramp : microBatches) * before;
}

/**
 * The same by kernels alone, for a look at many candidates: pipelineBound with the head alone beside the layers, Σ w / Σ y_s ≤ step. Of
 * stages alike Σ y goes towards ρ/r by a share r/M of what is missing with each.
 */
export function kernelBound(
  problem: Problem,
  candidate: Candidate,
  kernels: readonly KernelSeconds[],
  ramp: number,
): number {
  const kinds = kindCounts(problem);
  const worth = kinds.map((_, kind) => kernels.reduce((sum, one) => sum + one.secondsPerLayer[kind]!, 0));
  const all = kinds.reduce((sum, count, kind) => sum + count * worth[kind]!, 0);
  const microBatches = microBatchesPerReplica(problem, candidate);
  const { runs } = candidate.layout;
  let dual = 0;
  for (let run = runs.length - 1; run >= 0; run--) {
    const rateOf = (kind: number) =>
      kinds[kind]! > 0 ? worth[kind]! / kernels[run]!.secondsPerLayer[kind]! : 0;
    const rate = kinds.reduce((most, _, kind) => Math.max(most, rateOf(kind)), 0);
    const { stages } = runs[run]!;
    if (ramp === 0) dual += (stages * rate) / microBatches;
    else dual += Math.max(0, rate / ramp - dual) * (1 - (1 - ramp / microBatches) ** stages);
  }
  const pipeline = Math.max(all / dual, headBound(problem, candidate, kernels, ramp));
  return (pipeline + problem.stack.host.secondsPerStep) * problem.stack.timeMultiplier.value;
}
