import type { ScheduleId } from '../domain/plan.ts';
import { buildingBlockOrder } from './building-block.ts';
import { greedyOrder } from './list-scheduling.ts';
import type { PipelineShape, Schedule } from './schedule.ts';

/** Two chunks a stage, folded: stage i holds chunk i and chunk 2p − 1 − i, so the last stage turns around at once. */
function fold(chunk: number, { stages }: PipelineShape): number {
  return chunk < stages ? chunk : 2 * stages - 1 - chunk;
}

/**
 * `limit` is in whole-stage activations; a chunk is half of one. With `repeats` the order repeats a building block, as
 * the paper's; otherwise, and where no block keeps the limit, it is list-scheduled under it.
 */
function vShape(
  id: ScheduleId,
  name: string,
  source: string,
  limit: (stages: number) => number,
  repeats: boolean,
): Schedule {
  const most = ({ stages, runAhead = 0 }: PipelineShape) => limit(stages) + runAhead;
  return {
    id,
    name,
    source,
    splitsBackward: true,
    bounded: true,
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
    order: (shape) => {
      const { stages, microBatches, runAhead = 0 } = shape;
      const chunks = Math.ceil(2 * limit(stages));
      const block = repeats ? buildingBlockOrder(stages, microBatches, chunks, runAhead) : null;
      return (
        block ??
        greedyOrder(shape, {
          stageOfChunk: (g) => fold(g, shape),
          limit: () => Math.ceil(2 * most(shape)),
          durations: [1, 1, 1],
        })
      );
    },
    peakInFlight: (_, shape) => Math.min(shape.microBatches, most(shape)),
  };
}

const PAPER = 'arXiv 2405.15362';

export const zbV = vShape('zb-v', 'ZB-V', 'arXiv 2401.10241, section 6', (p) => p, false);
export const vHalf = vShape('v-half', 'V-Half', PAPER, (p) => p / 2 + 1, true);
export const vMin = vShape('v-min', 'V-Min', PAPER, (p) => Math.ceil(p / 3) + 2, true);
/** DualPipe cut in half: the same fold, with one more chunk in flight than ZB-V (deepseek-ai/DualPipe, DualPipeV). */
export const dualPipeV = vShape(
  'dualpipe-v',
  'DualPipeV',
  'arXiv 2412.19437, section 3.2.1',
  (p) => p + 0.5,
  false,
);
