import type { Optimizer } from './optimizer.ts';
import { GRADIENTS, MASTER } from './options.ts';

/** One fp32 number for each row and each column of a matrix in place of its second moment; vectors keep theirs. */
export const adafactor: Optimizer = {
  id: 'adafactor',
  name: 'Adafactor',
  source: 'arXiv 1804.04235, algorithm 4',
  options: {
    momentum: { values: ['on', 'off'], usual: 'off', meaning: 'keep a first moment beside' },
    ...MASTER,
    ...GRADIENTS,
  },
  stateBytes: ({ rows, columns }, { master, moments: [first] }, { momentum }) =>
    master +
    (columns === 1 ? 4 : (4 * (rows + columns)) / (rows * columns)) +
    (momentum === 'on' ? first : 0),
  // Once for the means of rows and columns, once for the update.
  gradientReads: 2,
};
