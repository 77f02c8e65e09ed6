import { oneForwardOneBackward } from './one-f-one-b.ts';
import { enoughMicroBatches, type Schedule, type Trained } from './schedule.ts';

/** Zmushko et al. 2026, section 2 and table 1: SmolLM-360M, and a mixture of experts of 10B parameters on 200B tokens. */
const DELAY = 'arXiv 2606.30634';

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
  // All-reduce of a group of micro-batches has the whole of the next to hide behind (section 4 there).
  reducesBeside: true,
  weightVersions: (_, { stages }) => (stages > 1 ? 2 : 1),
  stale: () => ({ updates: 1, weightVersions: 2, sameWeights: true }),
  price: ({ optimizer }) => [
    '2bw: each gradient is taken of weights one update old; published for it: GPT perplexity on Wikitext-103 of 19.56 against 19.28, BERT fine-tuned to 87.82 against 87.77 on MNLI and 79.48 against 80.06 on RACE (arXiv 2006.09503)',
    delayedLoss(optimizer),
  ],
  allowedAs: 'stale',
  assumed: [
    '2bw: as fast as its slowest stage, gradients reduced beside the next step: no step times of it on GPUs of today are published',
  ],
  // With fewer a step's gradients are not done when the version after next is due.
  reject: (shape) => enoughMicroBatches('2bw', shape),
  order: oneForwardOneBackward.order,
  peakInFlight: oneForwardOneBackward.peakInFlight,
};

/** What one update of delay costs by optimizer, in words. */
function delayedLoss(optimizer: Trained['optimizer']): string {
  if (optimizer === 'muon')
    return `muon hardly suffers from one update of delay: a loss of 2.590 against 2.578 at 360M parameters, 1.911 against 1.906 at 10B (${DELAY})`;
  if (optimizer === 'adamw')
    return `adamw suffers from one update of delay: more than 0.2 of loss at 360M parameters, where muon loses 0.012 (${DELAY}); maybe --optimizer muon`;
  if (optimizer === 'lion' || optimizer === 'soap')
    return `${optimizer} loses more under one update of delay than muon (0.012 of loss at 360M parameters), and less than adamw (0.2) (${DELAY})`;
  return `no losses of ${optimizer} under one update of delay are published; at 360M parameters muon loses 0.012, adamw more than 0.2 (${DELAY})`;
}
