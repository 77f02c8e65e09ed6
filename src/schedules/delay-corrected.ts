import type { Schedule } from './schedule.ts';
import { twoBuffered } from './two-buffered.ts';

/**
 * One-step delay with error feedback: PipeDream-2BW whose update also takes back what the last one did too much, so that a copy of the
 * difference of the last two updates stays with the optimizer's states (Zmushko et al. 2026).
 */
export const delayCorrected: Schedule = {
  ...twoBuffered,
  id: '2bw-ef',
  name: 'One-step delay, error feedback',
  source: 'arXiv 2606.30634, section 3',
  // In fp32, and in the checkpoint.
  correctionBytes: 4,
  price: ({ optimizer }) => [
    optimizer === 'muon'
      ? '2bw-ef: each gradient is taken of weights one update old, its error fed back: a loss of 2.583 against 2.578 at 360M parameters, 1.906 against 1.906 at 10B, both with muon (arXiv 2606.30634)'
      : `2bw-ef: each gradient is taken of weights one update old, its error fed back: half or more of what that costs is won back (arXiv 2606.30634), no losses with ${optimizer} read here`,
  ],
  assumed: [
    ...twoBuffered.assumed!,
    '2bw-ef: the correction lies in fp32 where the optimizer keeps its states',
  ],
};
