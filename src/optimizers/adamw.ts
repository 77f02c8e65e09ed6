import type { Optimizer } from './optimizer.ts';
import { GRADIENTS, MASTER, MOMENTS, UPDATE } from './options.ts';

/** Two moments for each parameter, and an fp32 master where weights are of low precision. */
export const adamw: Optimizer = {
  id: 'adamw',
  name: 'AdamW',
  source: 'arXiv 1711.05101',
  options: { ...MASTER, ...MOMENTS, ...GRADIENTS, ...UPDATE },
  stateBytes: (_, { master, moments: [first, second] }) => master + first + second,
  // _multi_tensor_adamw, torch/optim/adamw.py@002d2f0: weights decay, the first moment is mixed, the second scaled and added to, the root of
  // it taken as a copy of all, divided, raised, and divided by. In one kernel all are read, and all but the gradient written.
  foreach({ weights, gradients, master, moments: [first, second] }) {
    const updated = Math.max(weights, master);
    const byOperation = 4 * updated + 3 * first + 2 * gradients + 11 * second;
    return { held: second, moved: byOperation / (2 * (updated + first + second) + gradients) };
  },
};
