import { collectiveSeconds } from '../hardware/collective.ts';
import { noneOf } from './misread.ts';
import { technique } from './technique.ts';

/** Vocabulary parallelism by the paper's algorithms 1 and 2, or its interlaced, synchronous predecessor. */
const SPLITS = ['off', 'vocab-1', 'vocab-2', 'interlaced'] as const;
export type VocabularySplit = (typeof SPLITS)[number];

/**
 * The vocabulary split over all stages instead of on the two ends (arXiv 2411.05288): each stage computes its rows of the
 * logits of every micro-batch; the last hidden state goes to all stages and its gradient is summed over them.
 */
export const vocabularyParallel = technique<VocabularySplit>({
  id: 'vocabulary',
  aliases: [],
  ofDecoders: true,
  off: 'off',
  schema: { enum: SPLITS },
  affects: 'layer',
  parse: (text) =>
    SPLITS.find((split) => split === text) ?? noneOf(SPLITS, text, { none: 'off', false: 'off' }),
  format: String,
  name: 'vocabulary',
  words: String,
  reject: (split, _, { pp }) =>
    split === 'off' || pp > 1
      ? null
      : { rule: 'vocabulary', actual: `vocabulary=${split} with pp=${pp}`, limit: 'pp of 2 or more' },
  local: (split, local, { pp }) => ({ ...local, vocabularyShards: split === 'off' ? 1 : pp }),
  spreadsEnds: (split) => split !== 'off',
  // For the barriers between its vocabulary passes.
  runAhead: (split, stages) =>
    ({ off: 0, 'vocab-1': 2, 'vocab-2': 1, interlaced: Math.ceil(stages / 2) })[split],
  /**
   * The interlaced pipeline exchanges in the open, all stages at once; algorithms 1 and 2 (section 4) put both on a stream
   * of their own and pay with one or two more micro-batches in flight.
   */
  headExchange(split, stages, { problem, local, c }) {
    if (split === 'off') return { open: 0, beside: 0 };
    const bytes = (local.elementBytes * local.tokens * problem.model.hiddenSize) / local.tensorParallel;
    const seconds = 2 * collectiveSeconds(stages, 'allReduce', bytes, c);
    return split === 'interlaced' ? { open: seconds, beside: 0 } : { open: 0, beside: seconds };
  },
});
