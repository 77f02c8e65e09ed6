import { adamw } from './adamw.ts';
import type { Optimizer } from './optimizer.ts';
import { GRADIENTS, LAYOUT, MASTER, MOMENTS } from './options.ts';
import { isInnerMatrix, unsplit } from './whole.ts';

/**
 * One moment for each parameter, whose sign is the update, and an fp32 master where weights are of low precision. Megatron
 * gives it the matrices of layers alone, whole, and the rest to AdamW.
 */
export const lion: Optimizer = {
  id: 'lion',
  name: 'Lion',
  source: 'arXiv 2302.06675, algorithm 2',
  options: {
    ...MASTER,
    ...MOMENTS,
    ...GRADIENTS,
    ...LAYOUT,
    rest: {
      values: ['lion', 'adamw'],
      usual: 'lion',
      meaning: 'optimizer of embedding, head and vectors',
    },
  },
  stateBytes: (weight, state, options) =>
    options.rest === 'adamw' && !isInnerMatrix(weight)
      ? adamw.stateBytes(weight, state, options)
      : state.master + state.moments[0],
  whole: (weight, { rest }, local) => (rest === 'adamw' ? unsplit(weight, local) : null),
};
