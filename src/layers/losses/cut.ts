import type { Loss } from './loss.ts';

/**
 * Share of the projection that backward runs again: it leaves out blocks whose softmax is below what 16 bits can tell. 134.8 ms in
 * all on an A100 at 8,192 × 256,000 × 2,304 are 3.4 such projections of 39.6 ms, three of which any loss has (apple/ml-cross-entropy@d42911f).
 */
const AGAIN = 0.4;

/** Log-sum-exp and the logit of the label, fp32. */
const PER_TOKEN = 8;

/** Cut cross entropy: logits are worked out block by block on the chip and never stored (Wijmans et al. 2024, arXiv 2411.09009). */
export const cut: Loss = {
  id: 'cut',
  words: 'cut cross entropy (linear_cross_entropy of the package cut_cross_entropy)',
  cost({ tokens, hiddenSize, rows, elementBytes, headTrained }) {
    return {
      parts: 1,
      again: AGAIN,
      traffic: 2 * PER_TOKEN * tokens,
      saved: PER_TOKEN * tokens,
      transient: elementBytes * hiddenSize * (tokens + (headTrained ? rows : 0)),
    };
  },
};
