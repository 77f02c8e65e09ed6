import { attendedLength, usefulShare } from '../../domain/attended-length.ts';
import { microBatchSizeIn, type Plan, replicasOf } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { zero } from '../../techniques/zero.ts';
import type { StageRun } from './stage-run.ts';

/**
 * Seconds that copies wait for the one whose samples happen to attend most. A sequence of n samples has n·E[L²] of attention
 * with a deviation of √n·σ; of R copies the largest of R normal draws, at most √(2 ln R) deviations above the mean (Boucheron, Lugosi
 * and Massart 2013, Concentration Inequalities, section 2.5), sets the pace: of each micro-batch where copies meet at each (a pipeline, parameters gathered for each), else of all of a step. No
 * sequence has more than one sample that fills it.
 */
export function imbalanceSeconds(
  problem: Problem,
  plan: Plan,
  index: number,
  runs: readonly StageRun[],
): number {
  const { workload } = problem;
  const { packing, sequenceLength } = workload;
  const attended = attendedLength(problem);
  if (packing === undefined || attended >= sequenceLength) return 0;
  const { stages } = plan.pipelines[index]!;
  let most = 0;
  for (const [s, { blocks }] of runs.entries()) {
    const stage = stages[s]!;
    const copies = replicasOf(stage);
    for (const { block, chunks } of blocks) {
      const meeting = stages.length > 1 || zero.of(plan.techniques) >= 3 ? 1 : block.microBatches;
      const tokens = sequenceLength * microBatchSizeIn(stage, block) * meeting;
      const samples = (tokens * usefulShare(workload)) / packing.meanLength;
      const spread = packing.deviation / (packing.meanSquare * Math.sqrt(samples));
      const factor = Math.min(sequenceLength / attended, 1 + Math.sqrt(2 * Math.log(copies)) * spread);
      const attention = chunks.reduce(
        (sum, { forward, backward, recompute }) =>
          sum + forward.attention + backward.attention + recompute.attention,
        0,
      );
      most = Math.max(most, attention * block.microBatches * (factor - 1));
    }
  }
  return most;
}
