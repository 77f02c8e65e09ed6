import { oneForwardOneBackward } from './one-f-one-b.ts';
import { enoughMicroBatches, type Schedule } from './schedule.ts';

/**
 * PipeDream-2BW: 1F1B that never drains. Micro-batches of the next step enter while those of this one leave, each with the
 * weights it entered with, so a stage keeps two versions; a gradient is applied one step late (Narayanan et al. 2020).
 */
export const twoBuffered: Schedule = {
  id: '2bw',
  name: 'PipeDream-2BW',
  source: 'arXiv 2006.09503, section 3.1',
  chunks: 'one',
  splitsBackward: false,
  bounded: true,
  flows: true,
  weightVersions: (_, { stages }) => (stages > 1 ? 2 : 1),
  // With fewer a step's gradients are not done when the version after next is due.
  reject: (shape) => enoughMicroBatches('2bw', shape),
  order: oneForwardOneBackward.order,
  peakInFlight: oneForwardOneBackward.peakInFlight,
};
