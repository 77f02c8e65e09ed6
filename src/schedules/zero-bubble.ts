import { greedyOrder } from './list-scheduling.ts';
import type { PipelineShape, Schedule } from './schedule.ts';

/** Weight gradients apart, one chunk a stage, at most `limit` micro-batches alive. */
function zeroBubble(id: string, name: string, limit: (shape: PipelineShape) => number): Schedule {
  return {
    id,
    name,
    source: 'arXiv 2401.10241',
    chunks: 'one',
    splitsBackward: true,
    bounded: true,
    order: (shape) =>
      greedyOrder(shape, { stageOfChunk: (g) => g, limit: () => limit(shape), durations: [1, 1, 1] }),
    peakInFlight: (_, shape) => Math.min(shape.microBatches, limit(shape)),
  };
}

/** As much memory as 1F1B's first stage: p micro-batches on every stage. */
export const zbH1 = zeroBubble('zb-h1', 'ZB-H1 (automatic, p)', ({ stages }) => stages);

/** About twice that, and no bubble: 2p − 1. */
export const zbH2 = zeroBubble('zb-h2', 'ZB-H2 (automatic, 2p)', ({ stages }) => 2 * stages - 1);
