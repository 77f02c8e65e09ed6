import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import type { LayerCost, StageCosts } from '../domain/stage-cost.ts';
import { bytesPerLayer, type PartitionProblem } from '../partition/problem.ts';
import type { Layout } from './layouts.ts';
import type { Candidate } from './realise.ts';
import { microBatchesPerReplica } from './realise.ts';

/**
 * A step is never faster than its busiest stage working without a pause, and the busiest stage never has less than its
 * share of all layers at the best possible speeds, nor less than one layer with the head.
 */
export function lowerBound(problem: Problem, candidate: Candidate, costs: readonly StageCosts[]): number {
  const microBatches = microBatchesPerReplica(problem, candidate);
  const multiplier = problem.stack.timeMultiplier.value;
  const { layout } = candidate;
  const kinds = kindCounts(problem);
  let speed = 0;
  let ends = Number.POSITIVE_INFINITY;
  for (const [i, run] of layout.runs.entries()) {
    const cost = costs[i]!;
    const all = kinds.reduce((sum, count, kind) => sum + count * seconds(cost.layers[kind]!), 0);
    speed += run.stages / all;
    ends = Math.min(ends, seconds(cost.embedding) + seconds(cost.head));
  }
  const share = 1 / speed;
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

function kindCounts({ model }: Problem): number[] {
  const counts = new Array<number>(model.kinds.length).fill(0);
  for (const kind of model.layers) counts[kind]! += 1;
  return counts;
}

/** Whether the stages together have room for all layers, were layers divisible: necessary for any cut to fit. */
export function memoryMiss(
  partition: PartitionProblem,
): { readonly reason: Reason; readonly excess: number } | null {
  const counts = new Map<number, number>();
  for (const kind of partition.layerKinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  let room = 0;
  let worst = 0;
  for (const stage of partition.stages) {
    let all = 0;
    for (const [kind, count] of counts) all += count * bytesPerLayer(stage, kind);
    const free = stage.capacityBytes - stage.fixedBytes;
    if (free <= 0) worst = Math.max(worst, stage.fixedBytes / stage.capacityBytes);
    room += Math.max(0, free) / all;
  }
  if (worst === 0 && room >= 1) return null;
  const excess = room > 0 ? Math.max(worst, 1 / room) : worst;
  return {
    excess,
    reason: {
      rule: 'memory',
      actual:
        room > 0
          ? `about ${excess.toFixed(2)} × what the stages have room for`
          : `${excess.toFixed(2)} × a GPU before the first layer`,
      limit: 'GPU memory less headroom',
      hint: 'Maybe more recomputation, sharding, tensor or pipeline parallelism.',
    },
  };
}
