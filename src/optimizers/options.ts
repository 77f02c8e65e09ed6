import { UPDATES } from '../domain/stack.ts';
import type { Optimizer } from './optimizer.ts';

/** Formats of states that several optimizers may have otherwise than their stack does. */
export const GRADIENTS = {
  gradients: { values: ['fp32', 'bf16'], meaning: 'format in which gradients are accumulated and sent' },
} as const satisfies Optimizer['options'];

/** Without a master the weights themselves are updated, in the format of compute. */
export const MASTER = {
  master: {
    values: ['fp32', 'fp16', 'none'],
    usual: 'fp32',
    meaning: 'master weights; none: weights, gradients and moments in the format of compute',
  },
} as const satisfies Optimizer['options'];

export const MOMENTS = {
  moments: {
    values: ['fp32', 'fp16', 'bf16', 'fp8'],
    pair: true,
    meaning: 'format of the moments; first/second where they differ',
  },
} as const satisfies Optimizer['options'];

/** Kernels of an update; as the stack has it where nothing is said. */
export const UPDATE = {
  update: {
    values: UPDATES,
    meaning:
      'all in one kernel, or one for each operation on all weights at once, which takes a further moment',
  },
} as const satisfies Optimizer['options'];

/** What other weights than matrices inside layers are updated by. */
export const REST = {
  rest: {
    values: ['adamw', 'lion'],
    usual: 'adamw',
    meaning: 'optimizer of embedding, head and vectors',
  },
} as const satisfies Optimizer['options'];

/** How ranks that share matrices out lay them in the buffers of weights and gradients. */
export const LAYOUT = {
  layout: {
    values: ['plain', 'aligned'],
    usual: 'plain',
    meaning: 'aligned: shards as long as the longest, so that each rank is sent its own gradients alone',
  },
} as const satisfies Optimizer['options'];
