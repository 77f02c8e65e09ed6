import { addedGradients, type Loss, type LossShape, logitsOf } from './loss.ts';
import { logitBytes, logitTraffic } from './whole.ts';

/** Numbers of chunks that can be asked for; 8 is usual (torchtitan's ChunkedLossWrapper, torchtune's CEWithChunkedOutputLoss). */
const COUNTS = [2, 4, 8, 16, 32, 64] as const;

/**
 * Tokens in chunks, each projected, its loss worked out and its gradient taken before the next: logits of one chunk at a
 * time, and the gradient of all hidden states in fp32 until their backward (torchtitan/components/loss.py@b5bcd76). Each chunk makes a
 * gradient of the head's weight before it is added to the sum. Where their backward comes after all of them, their logits are kept in 16
 * bits if a compiler makes one kernel of the loss, else those and the log-probabilities in fp32 (torchtune/modules/loss@bd2a0fc).
 */
function chunked(chunks: number): Loss {
  return {
    id: `chunked:${chunks}`,
    words: `cross entropy in ${chunks} chunks of tokens, each with its projection (torchtitan's ChunkedLossWrapper)`,
    divides: chunks,
    cost(shape) {
      const {
        tokens,
        hiddenSize,
        rows,
        kernel,
        elementBytes,
        headTrained,
        accumulationFused,
        chunksTogether,
        overRanks,
      } = shape;
      const weightGradient = headTrained && !accumulationFused ? elementBytes * rows * hiddenSize : 0;
      return {
        parts: chunks,
        again: 0,
        traffic: chunkTraffic(shape) + addedGradients(shape, chunks - 1),
        ...(chunksTogether === true
          ? together(shape, chunks, weightGradient)
          : {
              saved: 4 * tokens * hiddenSize,
              transient:
                (logitBytes(kernel, elementBytes, overRanks).peak * logitsOf(shape)) / chunks +
                weightGradient,
            }),
      };
    },
  };
}

/** Of 16-bit logits a compiled loss reads twice, for the maximum and the sum, then once more to write their gradient. */
const COMPILED_CHUNK = 8;

/** What a compiler sees it casts in passing. */
function chunkTraffic(shape: LossShape): number {
  const { kernel, castsLogits } = shape;
  return castsLogits === true && kernel === 'compiled'
    ? COMPILED_CHUNK * logitsOf(shape)
    : logitTraffic(kernel, shape);
}

/**
 * Beside what is kept: a chunk's gradient and what eager kernels make it of, and either the head's gradient of one chunk or, before any backward,
 * the logits that fp32 ones are still held beside in 16 bits.
 */
function together(shape: LossShape, chunks: number, weightGradient: number) {
  const { elementBytes, kernel } = shape;
  const logits = logitsOf(shape);
  const [kept, beside, ofChunk] =
    kernel === 'compiled' ? [elementBytes, 0, elementBytes] : [4, elementBytes, 8];
  return {
    saved: kept * logits,
    transient: Math.max(beside * logits, weightGradient) + (ofChunk * logits) / chunks,
  };
}

export const CHUNKED: readonly Loss[] = COUNTS.map(chunked);
