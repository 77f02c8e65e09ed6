import { adamw } from './adamw.ts';
import type { Optimizer } from './optimizer.ts';
import { GRADIENTS, LAYOUT, MASTER } from './options.ts';
import { isInnerMatrix, matricesOf, ranksOf, unsplit } from './whole.ts';

/**
 * AdamW in the eigenbasis of each matrix of a layer: both moments, and for either side an fp32 factor and its basis. AdamW for
 * the rest. Matrices are shared out whole, as Muon's are.
 */
export const soap: Optimizer = {
  id: 'soap',
  name: 'SOAP',
  source: 'arXiv 2409.11321, algorithm 3',
  options: {
    frequency: {
      values: ['1', '2', '5', '10', '20', '50', '100'],
      usual: '10',
      meaning: 'steps between updates of the eigenbases',
    },
    products: {
      values: ['fp32', 'bf16'],
      usual: 'fp32',
      meaning: 'format of the multiplications by factors and bases',
    },
    ...MASTER,
    ...GRADIENTS,
    ...LAYOUT,
  },
  stateBytes(weight, state) {
    const { rows, columns } = weight;
    const all = adamw.stateBytes(weight, state, {});
    if (!isInnerMatrix(weight)) return all;
    const beside = Math.max(1, weight.targets.length);
    const width = columns / beside;
    return all + (2 * 4 * (rows ** 2 + width ** 2)) / (rows * width);
  },
  whole(weight, { frequency = '10', products }, local) {
    if (!isInnerMatrix(weight)) return unsplit(weight, local);
    const { items, columns } = matricesOf(weight, local);
    const c = columns / ranksOf(weight, local);
    const r = weight.rows;
    const seldom = 1 / Number(frequency);
    return {
      items,
      format: products === 'bf16' ? 'bf16' : 'fp32',
      gemms: [
        // Gradient and update, into the basis and back.
        { m: r, n: c, k: r, times: 2 },
        { m: r, n: c, k: c, times: 2 },
        // Factors of the gradient.
        { m: r, n: r, k: c, times: 1 },
        { m: c, n: c, k: r, times: 1 },
        // One power iteration, 2n³, and a QR decomposition, 4/3·n³.
        { m: r, n: r, k: (5 / 3) * r, times: seldom },
        { m: c, n: c, k: (5 / 3) * c, times: seldom },
      ],
      exchanges: [],
    };
  },
  assumed: [
    'SOAP: QR decompositions at the rate of matrix multiplications',
    'SOAP: each tensor-parallel rank has factors of its own part of a matrix',
  ],
};
