import type { Pass, PipelineShape, Schedule } from './schedule.ts';
import { roundRobin } from './schedule.ts';

/**
 * Interleaved 1F1B: each stage holds v chunks and works on p micro-batches of a chunk before the next chunk
 * (Narayanan et al. 2021, section 2.2). Micro-batches not divisible by p leave a shorter last group, as Megatron-Core's
 * microbatch_group_size_per_vp_stage allows.
 */
export const interleaved: Schedule = {
  id: 'interleaved-1f1b',
  name: 'interleaved 1F1B',
  source: 'arXiv 2104.04473, section 2.2; Megatron-Core schedules.py',
  splitsBackward: false,
  reject({ stages, microBatches, virtualStages }) {
    if (stages < 2)
      return { rule: 'schedule-stages', actual: `pp=${stages}`, limit: 'at least 2 for interleaved-1f1b' };
    if (virtualStages < 2)
      return {
        rule: 'schedule-virtual-stages',
        actual: 'vpp=1',
        limit: 'at least 2 for interleaved-1f1b',
        hint: 'Maybe schedule=1f1b.',
      };
    if (microBatches < stages) {
      return {
        rule: 'schedule-micro-batches',
        actual: `${microBatches} micro-batches`,
        limit: `at least pp=${stages} for interleaved-1f1b`,
        hint: 'Maybe a smaller micro-batch or less data parallelism.',
      };
    }
    return null;
  },
  stageOfChunk: roundRobin,
  order(shape) {
    const forward = visits(shape, false);
    const backward = visits(shape, true);
    const totalPasses = forward.length;
    return Array.from({ length: shape.stages }, (_, stage) => {
      const warmUp = warmUpOf(stage, shape, totalPasses);
      const passes: Pass[] = [];
      for (let i = 0; i < warmUp; i++) passes.push({ kind: 'F', ...forward[i]! });
      for (let i = 0; i < totalPasses; i++) {
        if (i + warmUp < totalPasses) passes.push({ kind: 'F', ...forward[i + warmUp]! });
        passes.push({ kind: 'B', ...backward[i]! });
      }
      return passes;
    });
  },
  peakInFlight(stage, shape) {
    const totalPasses = shape.microBatches * shape.virtualStages;
    return Math.min(totalPasses, warmUpOf(stage, shape, totalPasses) + 1) / shape.virtualStages;
  },
};

/** Forwards before the first backward: 2(p − i − 1) + (v − 1)p (Megatron-Core get_pp_rank_microbatches). */
function warmUpOf(stage: number, { stages, virtualStages }: PipelineShape, totalPasses: number): number {
  return Math.min(totalPasses, 2 * (stages - stage - 1) + (virtualStages - 1) * stages);
}

/** (micro-batch, chunk) in the order a stage visits them: groups of p micro-batches, chunk by chunk. */
function visits(
  { stages, microBatches, virtualStages }: PipelineShape,
  reverse: boolean,
): { microBatch: number; chunk: number }[] {
  const list: { microBatch: number; chunk: number }[] = [];
  for (let group = 0; group < microBatches; ) {
    // A last group smaller than p would starve the pipeline: Megatron-Core appends it to the one before.
    const left = microBatches - group;
    const size = left < 2 * stages && left % stages !== 0 ? left : Math.min(stages, left);
    for (let step = 0; step < virtualStages; step++) {
      const chunk = reverse ? virtualStages - 1 - step : step;
      for (let m = group; m < group + size; m++) list.push({ microBatch: m, chunk });
    }
    group += size;
  }
  return list;
}
