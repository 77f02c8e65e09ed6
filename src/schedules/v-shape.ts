import type { ScheduleId } from '../domain/plan.ts';
import { greedyOrder } from './list-scheduling.ts';
import type { PipelineShape, Schedule } from './schedule.ts';

/** Two chunks a stage, folded: stage i holds chunk i and chunk 2p − 1 − i, so the last stage turns around at once. */
function fold(chunk: number, { stages }: PipelineShape): number {
  return chunk < stages ? chunk : 2 * stages - 1 - chunk;
}

/**
 * `limit` is in whole-stage activations; a chunk is half of one. List-scheduled under that limit: memory is the published
 * figure; the bubble of V-Half and V-Min is above that of the paper's hand-made building blocks from p = 8 on.
 */
function vShape(id: ScheduleId, name: string, limit: (stages: number) => number): Schedule {
  return {
    id,
    name,
    source: 'arXiv 2405.15362',
    splitsBackward: true,
    reject: ({ virtualStages, stages }) =>
      virtualStages === 2 && stages > 1
        ? null
        : {
            rule: 'schedule-virtual-stages',
            actual: `vpp=${virtualStages}, pp=${stages}`,
            limit: `vpp=2 and pp above 1 for ${id}`,
            hint: 'Maybe vpp=2.',
          },
    stageOfChunk: fold,
    order: (shape) =>
      greedyOrder(shape, {
        stageOfChunk: (g) => fold(g, shape),
        limit: () => Math.ceil(2 * limit(shape.stages)),
        durations: [1, 1, 1],
      }),
    peakInFlight: (_, shape) => Math.min(shape.microBatches, limit(shape.stages)),
  };
}

export const zbV = vShape('zb-v', 'ZB-V', (p) => p);
export const vHalf = vShape('v-half', 'V-Half', (p) => p / 2 + 1);
export const vMin = vShape('v-min', 'V-Min', (p) => Math.ceil(p / 3) + 2);
