import { enoughMicroBatches, type Pass, type PipelineShape, type Schedule } from './schedule.ts';

/**
 * Interleaved 1F1B: each stage holds v chunks and works on p micro-batches of a chunk before the next chunk
 * (Narayanan et al. 2021, section 2.2).
 */
export const interleaved: Schedule = {
  id: 'interleaved-1f1b',
  name: 'interleaved 1F1B',
  source: 'arXiv 2104.04473, section 2.2; Megatron-Core schedules.py',
  chunks: 'loop',
  splitsBackward: false,
  bounded: true,
  reject(shape) {
    const { stages, virtualStages } = shape;
    if (stages < 2)
      return { rule: 'schedule-stages', actual: `pp=${stages}`, limit: 'at least 2 for interleaved-1f1b' };
    if (virtualStages < 2)
      return {
        rule: 'schedule-virtual-stages',
        actual: 'vpp=1',
        limit: 'at least 2 for interleaved-1f1b',
        hint: 'Maybe schedule=1f1b.',
      };
    return enoughMicroBatches('interleaved-1f1b', shape);
  },
  order(shape) {
    const forward = visits(shape, 'F');
    const backward = visits(shape, 'B');
    const totalPasses = forward.length;
    return Array.from({ length: shape.stages }, (_, stage) => {
      const warmUp = warmUpOf(stage, shape, totalPasses);
      const passes: Pass[] = [];
      for (let i = 0; i < warmUp; i++) passes.push(forward[i]!);
      for (let i = 0; i < totalPasses; i++) {
        if (i + warmUp < totalPasses) passes.push(forward[i + warmUp]!);
        passes.push(backward[i]!);
      }
      return passes;
    });
  },
  peakInFlight(stage, shape) {
    const totalPasses = shape.microBatches * shape.virtualStages;
    return Math.min(totalPasses, warmUpOf(stage, shape, totalPasses) + 1) / shape.virtualStages;
  },
};

/**
 * Micro-batches a stage works on before it turns to its next chunk: the stage count if that divides the micro-batches,
 * else the next size whose remainder still fills the pipeline (Megatron-Core microbatch_group_size_per_vp_stage).
 */
function groupSize({ stages, microBatches }: PipelineShape): number {
  for (let size = stages; size < microBatches; size++) {
    const rest = microBatches % size;
    if (rest === 0 || rest >= stages) return size;
  }
  return microBatches;
}

/** Forwards before the first backward: 2(p − i − 1) + (v − 1)·group (Megatron-Core get_pp_rank_microbatches). */
function warmUpOf(stage: number, shape: PipelineShape, totalPasses: number): number {
  const { stages, virtualStages } = shape;
  return Math.min(totalPasses, 2 * (stages - stage - 1) + (virtualStages - 1) * groupSize(shape));
}

/** Passes of one kind in the order in which every stage makes them: group by group, chunk by chunk. */
function visits(shape: PipelineShape, kind: 'F' | 'B'): Pass[] {
  const { microBatches, virtualStages } = shape;
  const size = groupSize(shape);
  const list: Pass[] = [];
  for (let group = 0; group < microBatches; group += size) {
    const end = Math.min(microBatches, group + size);
    for (let step = 0; step < virtualStages; step++) {
      const chunk = kind === 'B' ? virtualStages - 1 - step : step;
      for (let m = group; m < end; m++) list.push({ kind, microBatch: m, chunk });
    }
  }
  return list;
}
