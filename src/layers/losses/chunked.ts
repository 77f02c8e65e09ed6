import { addedGradients, type Loss, logitsOf } from './loss.ts';
import { logitBytes, logitTraffic } from './whole.ts';

/** Numbers of chunks that can be asked for; 8 is usual (torchtitan's ChunkedLossWrapper, torchtune's CEWithChunkedOutputLoss). */
const COUNTS = [2, 4, 8, 16, 32, 64] as const;

/**
 * Tokens in chunks, each projected, its loss worked out and its gradient taken before the next: logits of one chunk at a
 * time, and the gradient of all hidden states in fp32 until their backward (torchtitan/components/loss.py@b5bcd76). Each chunk makes a
 * gradient of the head's weight before it is added to the sum.
 */
function chunked(chunks: number): Loss {
  return {
    id: `chunked:${chunks}`,
    words: `cross entropy in ${chunks} chunks of tokens, each with its projection (torchtitan's ChunkedLossWrapper)`,
    divides: chunks,
    cost(shape) {
      const { tokens, hiddenSize, rows, kernel, elementBytes, headTrained, accumulationFused } = shape;
      const weightGradient = headTrained && !accumulationFused ? elementBytes * rows * hiddenSize : 0;
      return {
        parts: chunks,
        again: 0,
        traffic: logitTraffic(kernel, shape) + addedGradients(shape, chunks - 1),
        saved: 4 * tokens * hiddenSize,
        transient: (logitBytes(kernel, elementBytes).peak * logitsOf(shape)) / chunks + weightGradient,
      };
    },
  };
}

export const CHUNKED: readonly Loss[] = COUNTS.map(chunked);
