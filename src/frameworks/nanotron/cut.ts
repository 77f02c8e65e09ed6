/** Sizes that nanotron's balance of a pipeline depends on. */
export interface CutSizes {
  readonly layers: number;
  readonly hiddenSize: number;
  readonly ffnHiddenSize: number;
  readonly heads: number;
  /** As padded. */
  readonly vocabSize: number;
}

/**
 * Layers of each stage as nanotron cuts them: blocks in order, onto the next rank once the parameters of matrix products
 * so far exceed its share; embedding, final norm and the cast after the head count nothing (nanotron, src/nanotron/models/
 * base.py build_model, and get_block_compute_costs of models/llama.py). null: a stage would hold no layer.
 */
export function nanotronCut(sizes: CutSizes, stages: number): readonly number[] | null {
  const { layers, hiddenSize: h, ffnHiddenSize, heads, vocabSize } = sizes;
  const perLayer = 4 * heads * Math.floor(h / heads) * h + 3 * ffnHiddenSize * h;
  const blocks = [0, ...new Array<number>(layers).fill(perLayer), 0, vocabSize * h, 0, 0];
  const total = blocks.reduce((a, b) => a + b, 0);
  const counts = new Array<number>(stages).fill(0);
  let rank = 0;
  let sum = 0;
  for (const [i, cost] of blocks.entries()) {
    if (i >= 1 && i <= layers) counts[rank]! += 1;
    sum += cost;
    if (rank < stages - 1 && sum > total * ((rank + 1) / stages)) rank += 1;
  }
  return counts.every((n) => n > 0) ? counts : null;
}
