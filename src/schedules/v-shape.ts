import { buildingBlockOrder } from './building-block.ts';
import { greedyOrder } from './list-scheduling.ts';
import { type PipelineShape, type Schedule, stageOfChunk } from './schedule.ts';

/**
 * `limit` is in whole-stage activations; a chunk is half of one. With `repeats` the order repeats a building block, as
 * the paper's; otherwise, and where no block keeps the limit, it is list-scheduled under it.
 */
function vShape(
  id: string,
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
    chunks: 'fold',
    splitsBackward: true,
    bounded: true,
    order: (shape) => {
      const { stages, microBatches, runAhead = 0 } = shape;
      const chunks = Math.ceil(2 * limit(stages));
      const block = repeats ? buildingBlockOrder(stages, microBatches, chunks, runAhead) : null;
      return (
        block ??
        greedyOrder(shape, {
          stageOfChunk: (g) => stageOfChunk({ chunks: 'fold' }, g, shape),
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
