import type { Optimizer } from './optimizer.ts';
import { GRADIENTS, MASTER, MOMENTS } from './options.ts';

/** The gradient itself, or one moment of it. */
export const sgd: Optimizer = {
  id: 'sgd',
  name: 'SGD',
  source: 'Sutskever et al. 2013, On the importance of initialization and momentum in deep learning',
  options: {
    momentum: { values: ['on', 'off'], usual: 'on', meaning: 'keep one moment' },
    ...MASTER,
    ...MOMENTS,
    ...GRADIENTS,
  },
  stateBytes: (_, { master, moments: [first] }, { momentum }) => master + (momentum === 'off' ? 0 : first),
};
