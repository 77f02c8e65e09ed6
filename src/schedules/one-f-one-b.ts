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
    const all = (kind: 'F' | 'B') =>
      Array.from({ length: microBatches }, (_, microBatch): Pass => ({ kind, microBatch, chunk: 0 }));
    const forward = all('F');
    const backward = all('B');
    return Array.from({ length: stages }, (_, stage) => {
      const warmUp = Math.min(microBatches, stages - stage - 1 + runAhead);
      const passes = forward.slice(0, warmUp);
      for (let m = 0; m < microBatches; m++) {
        if (m + warmUp < microBatches) passes.push(forward[m + warmUp]!);
        passes.push(backward[m]!);
      }
      return passes;
    });
  },
  peakInFlight: (stage, { stages, microBatches, runAhead = 0 }) =>
    Math.min(microBatches, stages - stage + runAhead),
};
