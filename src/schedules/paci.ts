import { oneForwardOneBackward } from './one-f-one-b.ts';
import { enoughMicroBatches, type PipelineShape, type Schedule } from './schedule.ts';

/**
 * PACI: 1F1B that never drains, and one version of the weights. Each stage counts its own backward passes and steps its own
 * optimizer after every m of them, nobody waiting, so that a micro-batch may go back through newer weights than it came through: by
 * at most ⌈(p − 1)/m⌉ updates (allowed_lagging and grad_accumulation of DistPACI/Workers.py, ItayElam/PACI@3e45e71).
 */
export const paci: Schedule = {
  id: 'paci',
  name: 'PACI',
  source: 'arXiv 2606.07881; ItayElam/PACI@3e45e71',
  chunks: 'one',
  splitsBackward: false,
  bounded: true,
  flows: true,
  stale: (shape) => ({ updates: drift(shape), weightVersions: 1, sameWeights: false }),
  price: ({ optimizer, recomputes }) => [
    'paci: a micro-batch goes back through weights up to one update newer than it came through; published for GPT-2 Medium on 8 stages with adamw: perplexity of 15.483 against 15.480 at a batch of 128, 15.291 against 15.350 at 256 (arXiv 2606.07881)',
    ...(optimizer === 'adamw' ? [] : [`paci: no losses with ${optimizer} are published`]),
    ...(recomputes
      ? ['paci: recomputed forwards see newer weights too; what that costs is not studied']
      : []),
  ],
  allowedAs: 'stale',
  assumed: [
    'paci: no clipping by the norm of all gradients and no skipped step, which would wait for all stages',
    'paci: published without data, tensor or sharded parallelism; each stage reduces its gradients when its own turn to step comes, in the open',
  ],
  // Scaled losses skip a step where any stage overflows.
  excludes: ({ precision }) =>
    precision === 'fp16'
      ? {
          rule: 'schedule-precision',
          actual: 'precision fp16 under paci',
          limit: 'no loss scaling, whose skipped steps all stages would have to agree on',
          hint: 'Maybe --precision bf16.',
        }
      : null,
  // With fewer it drifts further than was tried.
  reject: (shape) => enoughMicroBatches('paci', shape),
  order: oneForwardOneBackward.order,
  peakInFlight: oneForwardOneBackward.peakInFlight,
};

function drift({ stages, microBatches }: PipelineShape): number {
  return Math.ceil((stages - 1) / microBatches);
}
