import type { Pass, Schedule } from './schedule.ts';

/** PipeDream-flush: p − i − 1 forwards to fill, then one forward, one backward (Narayanan et al. 2021, figure 4). */
export const oneForwardOneBackward: Schedule = {
  id: '1f1b',
  name: '1F1B',
  source: 'arXiv 2104.04473, section 2.2',
  chunks: 'one',
  splitsBackward: false,
  bounded: true,
  order({ stages, microBatches, runAhead = 0 }) {
    return Array.from({ length: stages }, (_, stage) => {
      const warmUp = Math.min(microBatches, stages - stage - 1 + runAhead);
      const passes: Pass[] = [];
      for (let m = 0; m < warmUp; m++) passes.push({ kind: 'F', microBatch: m, chunk: 0 });
      for (let m = 0; m < microBatches; m++) {
        if (m + warmUp < microBatches) passes.push({ kind: 'F', microBatch: m + warmUp, chunk: 0 });
        passes.push({ kind: 'B', microBatch: m, chunk: 0 });
      }
      return passes;
    });
  },
  peakInFlight: (stage, { stages, microBatches, runAhead = 0 }) =>
    Math.min(microBatches, stages - stage + runAhead),
};
