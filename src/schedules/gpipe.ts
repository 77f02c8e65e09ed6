import type { Pass, Schedule } from './schedule.ts';
import { roundRobin } from './schedule.ts';

/** All forwards, then all backwards, last micro-batch first (Huang et al. 2019). */
export const gpipe: Schedule = {
  id: 'gpipe',
  name: 'GPipe',
  source: 'arXiv 1811.06965, section 2',
  splitsBackward: false,
  bounded: false,
  reject: ({ virtualStages }) =>
    virtualStages === 1
      ? null
      : {
          rule: 'schedule-virtual-stages',
          actual: `vpp=${virtualStages}`,
          limit: '1 for gpipe',
          hint: 'Maybe schedule=breadth-first.',
        },
  stageOfChunk: roundRobin,
  order({ stages, microBatches }) {
    const passes: Pass[] = [];
    for (let m = 0; m < microBatches; m++) passes.push({ kind: 'F', microBatch: m, chunk: 0 });
    for (let m = microBatches - 1; m >= 0; m--) passes.push({ kind: 'B', microBatch: m, chunk: 0 });
    return Array.from({ length: stages }, () => passes);
  },
  peakInFlight: (_, { microBatches }) => microBatches,
};
