import type { Stack } from '../../domain/stack.ts';
import type { Coefficients } from '../../hardware/coefficients.ts';

/** What one GPU works out a loss of: logits are tokens · rows. */
export interface LossShape {
  readonly tokens: number;
  readonly hiddenSize: number;
  /** Rows of the vocabulary on this GPU. */
  readonly rows: number;
  readonly elementBytes: number;
  /** The head's own gradient is worked out. */
  readonly headTrained: boolean;
  /** Weight gradients are added to those before by their own multiplication, not made apart first. */
  readonly accumulationFused: boolean;
  /** Chunks keep what their backward needs until all are through; left out: each goes back before the next. */
  readonly chunksTogether?: boolean;
  /** A kernel of its own casts logits to fp32, those of chunks where no compiler makes it one with their loss; left out: none is counted. */
  readonly castsLogits?: boolean;
  /** Ranks share the vocabulary through torch's loss parallelism; left out: one has all of it, or a kernel of the stack's own does. */
  readonly overRanks?: boolean;
  /** How the stack works out logits that are whole. */
  readonly kernel: Stack['lossKernel'];
  readonly c: Coefficients;
}

/** What a loss takes of time and memory, its projection to logits included. */
interface LossCost {
  /** Equal parts, one after the other, in which tokens are projected. */
  readonly parts: number;
  /** Share of the projection's forward that backward runs again. */
  readonly again: number;
  /** HBM bytes moved beside the projection, forward and backward together. */
  readonly traffic: number;
  /** Bytes kept for backward, and beside them at the worst point of the loss. */
  readonly saved: number;
  readonly transient: number;
}

/** A way from hidden states to the loss. A new one is a file here and a line in index.ts. */
export interface Loss {
  /** As `--config loss=` has it. */
  readonly id: string;
  /** What a training program calls to have it. */
  readonly words: string;
  /** Works on the whole vocabulary: not under tensor parallelism. */
  readonly wholeVocabulary?: boolean;
  /** Parts into which the tokens of a rank must divide. */
  readonly divides?: number;
  cost(shape: LossShape): LossCost;
}

export function logitsOf({ tokens, rows }: LossShape): number {
  return tokens * rows;
}

/** Bytes moved to add a part's weight gradient to the sum of those before: two read, one written. */
export function addedGradients(
  { rows, hiddenSize, elementBytes, headTrained }: LossShape,
  times: number,
): number {
  return headTrained ? times * 3 * elementBytes * rows * hiddenSize : 0;
}
