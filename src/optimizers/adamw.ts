import type { Optimizer } from './optimizer.ts';
import { GRADIENTS, MASTER, MOMENTS } from './options.ts';

/** Two moments for each parameter, and an fp32 master where weights are of low precision. */
export const adamw: Optimizer = {
  id: 'adamw',
  name: 'AdamW',
  source: 'arXiv 1711.05101',
  options: { ...MASTER, ...MOMENTS, ...GRADIENTS },
  stateBytes: (_, { master, moments: [first, second] }) => master + first + second,
};
