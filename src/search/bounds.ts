import { modelFlopsPerStep } from '../cost/model-flops.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import type { LayerCost, StageCosts } from '../domain/stage-cost.ts';
import { type Coefficients, coefficients } from '../hardware/coefficients.ts';
import { gemmCurve } from '../hardware/gemm.ts';
import { scheduleOf } from '../schedules/index.ts';
import { crossings } from './crossings.ts';
import type { Frame, Layout } from './layouts.ts';
import type { Candidate } from './realise.ts';
import { microBatchesPerReplica } from './realise.ts';

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
  const { curve } = gemmCurve(gpu, workload.precision);
  const speedup = workload.precision === 'nvfp4' ? c.nvfp4Speedup : 1;
  const grouped = Math.min(1, c.groupedGemm, c.groupedGemmFromHost);
  const gemm =
    (curve.peakFlops * curve.maxEfficiency * speedup) /
    (gpu.sustainedSlowdown * grouped * (narrow ? c.fp8Sustained : 1));
  const training = Math.min(c.attentionTraining, c.attentionTrainingBlackwell, 1);
  const attention = (gpu.attention.peakFlops * gpu.attention.efficiencyHeadDim128) / training;
  return Math.max(gemm, attention, (gpu.peakFlops.bf16 ?? gpu.peakFlops.fp16 ?? 0) * c.unfusedBatchedGemm);
}

/**
 * A step is never faster than its busiest stage working without a pause, and the busiest stage never has less than its
 * share of all layers at the best possible speeds, nor less than one layer with the head.
 */
export function lowerBound(problem: Problem, candidate: Candidate, costs: readonly StageCosts[]): number {
  const microBatches = microBatchesPerReplica(problem, candidate);
  const multiplier = problem.stack.timeMultiplier.value;
  const { layout } = candidate;
  const kinds = kindCounts(problem);
  const crossing = crossings(problem, layout, costs, candidate.switches.virtualStages);
  // What transfers between unlike groups keep stages from, in shares of all layers.
  let lost = 0;
  let speed = 0;
  let ends = Number.POSITIVE_INFINITY;
  for (const [i, run] of layout.runs.entries()) {
    const cost = costs[i]!;
    const all = kinds.reduce((sum, count, kind) => sum + count * seconds(cost.layers[kind]!), 0);
    speed += run.stages / all;
    lost += ((crossing[i - 1] ?? 0) + (crossing[i] ?? 0)) / all;
    ends = Math.min(ends, seconds(cost.embedding) + seconds(cost.head));
  }
  const share = (1 + lost) / speed;
  const alone = layout.pp === 1 ? share + ends : Math.max(share, lastStage(problem, layout, costs));
  return microBatches * alone * multiplier;
}

/** The last stage holds at least one layer and the head. */
function lastStage(problem: Problem, layout: Layout, costs: readonly StageCosts[]): number {
  const cost = costs[layout.runs.length - 1]!;
  return seconds(cost.head) + seconds(cost.layers[problem.model.layers.at(-1)!]!);
}

function seconds(cost: LayerCost): number {
  return cost.forwardSeconds + cost.backwardSeconds;
}

const counted = new WeakMap<Problem, readonly number[]>();

/** Layers of each kind. */
function kindCounts(problem: Problem): readonly number[] {
  let counts = counted.get(problem);
  if (counts === undefined) {
    const fresh = new Array<number>(problem.model.kinds.length).fill(0);
    for (const kind of problem.model.layers) fresh[kind]! += 1;
    counts = fresh;
    counted.set(problem, counts);
  }
  return counts;
}

/**
 * Whether the stages together have room for all layers, were layers divisible: necessary for any cut to fit. Adds up,
 * stage by stage, the share of the whole model that the stage's free memory could hold.
 */
export function memoryMiss(
  problem: Problem,
  candidate: Candidate,
  costs: readonly StageCosts[],
): { readonly reason: Reason; readonly excess: number } | null {
  const { layout, switches } = candidate;
  const shape = {
    stages: layout.pp,
    microBatches: microBatchesPerReplica(problem, candidate),
    virtualStages: switches.virtualStages,
  };
  const schedule = scheduleOf(switches.schedule)!;
  const counts = kindCounts(problem);
  let room = 0;
  let full = false;
  let need = 0;
  let have = 0;
  let stage = 0;
  for (const [i, run] of layout.runs.entries()) {
    const { layers, fixedBytes, embedding, head, limitBytes } = costs[i]!;
    let resident = 0;
    let activation = 0;
    for (const [kind, count] of counts.entries()) {
      resident += count * layers[kind]!.residentBytes;
      activation += count * layers[kind]!.activationBytes;
    }
    for (let n = 0; n < run.stages; n++, stage++) {
      const ends =
        (stage === 0 ? embedding.residentBytes : 0) +
        (stage === layout.pp - 1 ? head.residentBytes + head.activationBytes : 0);
      const free = limitBytes - fixedBytes - ends;
      const model = resident + activation * schedule.peakInFlight(stage, shape);
      if (free <= 0) full = true;
      else room += free / model;
      need += fixedBytes + ends + model / layout.pp;
      have += limitBytes;
    }
  }
  if (!full && room >= 1) return null;
  const excess = Math.max(1, need / have);
  return {
    excess,
    reason: {
      rule: 'memory',
      actual: `about ${excess.toFixed(2)} × what the GPUs in use have`,
      limit: 'GPU memory less headroom',
      hint: 'Maybe more recomputation, sharding, tensor or pipeline parallelism.',
    },
  };
}
