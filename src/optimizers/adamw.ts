import type { Optimizer } from './optimizer.ts';

/** Two moments for each parameter, and an fp32 master where weights are of low precision. */
export const adamw: Optimizer = {
  id: 'adamw',
  name: 'AdamW',
  source: 'arXiv 1711.05101',
  stateBytes: (_, { master, moment }) => master + 2 * moment,
  stepBytes: (_, c) => c.optimizerBytes,
};
