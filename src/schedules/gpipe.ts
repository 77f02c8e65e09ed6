import type { Pass, Schedule } from './schedule.ts';

/** All forwards, then all backwards, last micro-batch first (Huang et al. 2019). */
export const gpipe: Schedule = {
  id: 'gpipe',
  name: 'GPipe',
  source: 'arXiv 1811.06965, section 2',
  chunks: 'one',
  splitsBackward: false,
  bounded: false,
  order({ stages, microBatches }) {
    const passes: Pass[] = [];
    for (let m = 0; m < microBatches; m++) passes.push({ kind: 'F', microBatch: m, chunk: 0 });
    for (let m = microBatches - 1; m >= 0; m--) passes.push({ kind: 'B', microBatch: m, chunk: 0 });
    return Array.from({ length: stages }, () => passes);
  },
  peakInFlight: (_, { microBatches }) => microBatches,
};
