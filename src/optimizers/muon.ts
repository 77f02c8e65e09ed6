import type { OptimizerOptions } from '../domain/workload.ts';
import type { LocalShape } from '../layers/local-shape.ts';
import type { Weight } from '../layers/weight.ts';
import { adamw } from './adamw.ts';
import { lion } from './lion.ts';
import type { Optimizer, WholeUpdate } from './optimizer.ts';
import { GRADIENTS, LAYOUT, MASTER, REST } from './options.ts';
import { isInnerMatrix, matricesOf, ranksOf, unsplit } from './whole.ts';

const STEPS = ['3', '4', '5', '6', '7', '8', '9', '10'];

/**
 * One fp32 moment of each matrix of a layer, made orthogonal by Newton-Schulz steps over the whole of it; AdamW for the rest.
 * Ranks share matrices out whole, the largest first (megatron/core/optimizer/layer_wise_optimizer.py@d98e8a6); what the ranks of tensor
 * parallelism do is `tp`, the names and the default Megatron's (newton_schulz_tp of emerging_optimizers@fd77292).
 */
export const muon: Optimizer = {
  id: 'muon',
  name: 'Muon',
  source: 'arXiv 2502.16982',
  options: {
    tp: {
      values: ['duplicated', 'distributed', 'blockwise'],
      usual: 'duplicated',
      meaning:
        'each tensor-parallel rank works on whole matrices, on a part of each, or on its own part alone',
    },
    steps: { values: STEPS, usual: '5', meaning: 'Newton-Schulz steps' },
    ...REST,
    ...MASTER,
    ...GRADIENTS,
    ...LAYOUT,
  },
  stateBytes(weight, state, options) {
    if (isInnerMatrix(weight)) return state.master + state.moments[0];
    return (options.rest === 'lion' ? lion : adamw).stateBytes(weight, state, {});
  },
  whole: (weight, options, local) =>
    isInnerMatrix(weight) ? orthogonalised(weight, options, local) : unsplit(weight, local),
};

/** Each step: X·Xᵀ, its square, and their sum times X: S·(4r²c + 2r³) FLOPs where r is the side of X·Xᵀ. */
function orthogonalised(weight: Weight, options: OptimizerOptions, local: LocalShape): WholeUpdate {
  const times = Number(options.steps ?? 5);
  const ranks = ranksOf(weight, local);
  const { items, columns } = matricesOf(weight, local);
  const tp = ranks === 1 ? 'blockwise' : (options.tp ?? 'duplicated');
  const here = columns / ranks;
  const gemms = (side: number, other: number) => [
    { m: side, n: side, k: other, times },
    { m: side, n: side, k: side, times },
    { m: side, n: other, k: side, times },
  ];
  const across = (side: number, other: number) => gemms(Math.min(side, other), Math.max(side, other));
  switch (tp) {
    case 'distributed':
      // The side that is not divided, however long it is.
      return {
        items,
        format: 'bf16',
        gemms: gemms(weight.rows, here),
        exchanges: [{ collective: 'allReduce', bytes: 4 * weight.rows ** 2, times }],
      };
    case 'duplicated':
      return {
        items,
        format: 'bf16',
        gemms: across(weight.rows, columns),
        exchanges: [{ collective: 'allGather', bytes: 4 * weight.rows * columns, times: 1 }],
      };
    default:
      return { items, format: 'bf16', gemms: across(weight.rows, here), exchanges: [] };
  }
}
