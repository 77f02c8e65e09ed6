import { memoryTerm, type Point } from '../domain/memory-term.ts';
import { ON_OR_OFF } from './on-or-off.ts';
import { pagedOptimizer } from './paged-optimizer.ts';
import { technique } from './technique.ts';
import { zero } from './zero.ts';

const BACKWARD: readonly Point[] = ['backward', 'end-of-backward'];

/**
 * Each weight is updated as soon as backward has its gradient, which is then let go: no gradient is kept beyond those of one
 * layer (torch.distributed.optim._apply_optimizer_in_backward; torchtune's optimizer_in_bwd). Nothing can be accumulated
 * over micro-batches, nor clipped by a norm over all gradients, so a search takes it only where it is asked for (torchtune/recipes/full_finetune_distributed.py@bd2a0fc).
 */
export const optimizerInBackward = technique<boolean>({
  id: 'optimizer-in-backward',
  aliases: [],
  ...ON_OR_OFF,
  affects: 'stage',
  name: 'optimizer in backward',
  reject: (on, _, __, microBatches) =>
    on && microBatches > 1
      ? {
          rule: 'optimizer-in-backward',
          actual: `${microBatches} micro-batches`,
          limit: '1: gradients are not accumulated where each is let go at once',
          hint: 'Maybe a larger micro-batch.',
        }
      : null,
  holdings: (on, holdings) =>
    holdings.map((one) => (on && one.state === 'gradients' ? { ...one, passing: true } : one)),
  /**
   * An update of one weight at a time has two temporaries as wide as it (the root of the second moment, and that over its
   * bias: _single_tensor_adamw in torch/optim/adam.py), or what its optimizer says, which the vocabulary's makes large while activations are alive.
   */
  terms(on, { updating, live }, { groups, techniques }) {
    if (!on || pagedOptimizer.of(techniques)) return [];
    const ranks = zero.of(techniques) === 0 ? 1 : groups.shard.size;
    const layers = live.layers.map((row) => row.map(() => 0));
    return [memoryTerm({ part: 'temporaries', at: BACKWARD, layers, fixed: [updating / ranks] })];
  },
});
