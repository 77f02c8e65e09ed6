import { addedGradients, type Loss, logitsOf } from './loss.ts';
import { logitTraffic } from './whole.ts';

/** Bytes of a chunk's logit, copies included: the slope of its published memory by tokens. */
const CHUNK_LOGIT_BYTES = 8;

/**
 * Liger's fused linear cross entropy: as many chunks as the vocabulary is wider than the hidden states, rounded so that a chunk
 * is a power of two of tokens; gradients of hidden states and of the weights are made in forward and kept for backward. With a
 * chunk's own weight gradient, 54 kB a token at 128,256 × 4,096 and 3.8 times the weights, as published (linkedin/Liger-Kernel@ead96b6,
 * benchmark/data; ops/fused_linear_cross_entropy.py).
 */
export const fusedLinear: Loss = {
  id: 'fused-linear',
  words: "Liger's fused linear cross entropy (LigerFusedLinearCrossEntropyLoss, or its patch of the model)",
  wholeVocabulary: true,
  cost(shape) {
    const { tokens, hiddenSize, rows, elementBytes, headTrained } = shape;
    const wanted = Math.ceil(tokens / Math.ceil(rows / hiddenSize));
    const parts = Math.ceil(tokens / 2 ** Math.ceil(Math.log2(wanted)));
    const weightGradient = headTrained ? elementBytes * rows * hiddenSize : 0;
    return {
      parts,
      again: 0,
      traffic: logitTraffic('fused', shape) + addedGradients(shape, parts),
      saved: elementBytes * tokens * hiddenSize + weightGradient,
      transient: (CHUNK_LOGIT_BYTES * logitsOf(shape)) / parts + weightGradient,
    };
  },
};
