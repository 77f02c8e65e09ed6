import { parametersOf } from '../layers/weight.ts';
import type { Optimizer } from './optimizer.ts';
import { GRADIENTS, MASTER } from './options.ts';

/** Elements that share one fp32 scale (bitsandbytes/optim/optimizer.py@95f9af30, torchao/optim/adam.py@36027d8). */
const BLOCK = 256;
/** Weights of fewer elements keep fp32 moments (min_8bit_size there, and the same in torchao). */
const LEAST = 4096;

/**
 * Gradient and both moments of a weight in fp32 while it is updated (single_param_adam of torchao/optim/adam.py@36027d8): torchtune's
 * published peaks of a 3B (17.6 GiB) and an 8B (37.4 GiB) updated in backward come to 12 and 11.5. The kernels of bitsandbytes take nothing.
 */
const UPDATE_BYTES = 12;

/** AdamW whose two moments are of 8 bits, with a scale for each block. */
export const adamw8bit: Optimizer = {
  id: 'adamw-8bit',
  name: '8-bit AdamW',
  source: 'arXiv 2110.02861',
  options: { ...MASTER, ...GRADIENTS },
  stateBytes: (weight, { master }) =>
    master + 2 * (parametersOf(weight) / weight.count < LEAST ? 4 : 1 + 4 / BLOCK),
  updateBytes: UPDATE_BYTES,
  assumed: ['8-bit AdamW: the moments of the embedding are of 8 bits too'],
};
