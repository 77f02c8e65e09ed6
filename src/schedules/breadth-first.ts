import { enoughMicroBatches, type Pass, type Schedule } from './schedule.ts';

/**
 * Looped stages, all micro-batches through one chunk before the next (Lamy-Poirier 2022): parameters of a chunk are
 * gathered once a step, and every micro-batch stays in flight.
 */
export const breadthFirst: Schedule = {
  id: 'breadth-first',
  name: 'Breadth-first',
  source: 'arXiv 2211.05953, section 4',
  chunks: 'loop',
  splitsBackward: false,
  bounded: false,
  reject: (shape) => enoughMicroBatches('breadth-first', shape),
  order({ stages, microBatches, virtualStages }) {
    const passes: Pass[] = [];
    for (let chunk = 0; chunk < virtualStages; chunk++)
      for (let m = 0; m < microBatches; m++) passes.push({ kind: 'F', microBatch: m, chunk });
    for (let chunk = virtualStages - 1; chunk >= 0; chunk--)
      for (let m = 0; m < microBatches; m++) passes.push({ kind: 'B', microBatch: m, chunk });
    return Array.from({ length: stages }, () => passes);
  },
  peakInFlight: (_, { microBatches }) => microBatches,
};
