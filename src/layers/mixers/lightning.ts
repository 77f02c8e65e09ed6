import { closed, size } from '../../document/shapes.ts';
import { layerModule } from '../layer-module.ts';
import { columnParallel, rowParallel } from '../linear.ts';
import { kept, type LayerContext, type Operator, operator, stream } from '../operator.ts';
import { matrix, vector } from '../weight.ts';

/** Linear attention in blocks, with a fixed decay of each head (Lightning Attention, arXiv 2401.04658; MiniMax-Text-01, arXiv 2501.08313). */
export interface Lightning {
  readonly kind: 'lightning';
  /** Of queries, keys and values alike. */
  readonly heads: number;
  readonly headDim: number;
  /** Tokens of a block, inside of which all scores are worked out. */
  readonly block: number;
}

const PART = 'linearAttention';
/** Products, decays and sums of one block, each a kernel of its own (transformers 5.18.0, modeling_minimax.py, MiniMaxLightningAttention). */
const KERNELS = 16;

/** Queries, keys and values through SiLU and a gate from one input, the blocks one after the other, a norm over all heads, the gate, the projection back. */
export const lightning = layerModule<Lightning>({
  kind: 'lightning',
  schema: closed({ kind: { const: 'lightning' }, heads: size }, { headDim: size, block: size }),
  complete: (given, hiddenSize) => ({ ...lightningMixer(given.heads, hiddenSize / given.heads), ...given }),
  operators: (a, context) => [
    projection(a, context),
    blocks(a, context),
    gated(a, context),
    output(a, context),
  ],
  constraints: (_, { tp, cp }) =>
    tp === 1 && cp === 1
      ? null
      : {
          rule: 'lightning-whole',
          actual: `tp=${tp}, cp=${cp}`,
          limit: 'tp=1, cp=1: its norm is over all heads, its states run along the sequence',
        },
  describe: ({ heads, headDim, block }) =>
    `lightning attention of ${heads} heads, ${headDim} wide, in blocks of ${block}`,
  weakly: () =>
    'lightning attention: priced as transformers runs it, block after block in PyTorch; no kernel times published',
});

export function lightningMixer(heads: number, headDim: number, block = 256): Lightning {
  return { kind: 'lightning', heads, headDim, block };
}

const widthOf = ({ heads, headDim }: Lightning) => heads * headDim;

function projection(a: Lightning, { model, local }: LayerContext): Operator {
  const h = model.hiddenSize;
  const width = widthOf(a);
  return columnParallel(
    {
      name: 'in-projection',
      inputs: h,
      outputs: 4 * width,
      weights: [
        matrix({ part: PART, rows: h, columns: 3 * width, targets: ['q', 'k', 'v'] }),
        matrix({ part: PART, rows: h, columns: width }),
      ],
    },
    local,
  );
}

/**
 * Of each block the scores of all its pairs and those decayed, queries and keys decayed, what comes from inside and from states before, and a
 * state of d² a head: all kept for backward, which has two products for each.
 */
function blocks(a: Lightning, { local }: LayerContext): Operator {
  const { tokens, sequence, elementBytes: e } = local;
  const width = widthOf(a);
  const { heads, headDim: d, block } = a;
  const scores = heads * Math.min(block, sequence);
  const state = (heads * d * d) / block;
  const forward = e * tokens * (6 * width + 9 * width + 3 * scores + 4 * state);
  const flops = tokens * (4 * scores * d + 4 * heads * d * d);
  return operator({
    name: 'blocks',
    kernels: [
      { kind: 'batched-gemm', flops, aligned: d % 8 === 0 },
      stream('element-wise', forward, 2 * forward, KERNELS * Math.ceil(sequence / block)),
    ],
    saved: [kept(e * tokens * (3 * width + 3 * width + 2 * width + 2 * scores + 2 * state + 2 * width))],
    backwardBytes: e * tokens * (2 * scores + 6 * width),
    hostUnits: KERNELS * Math.ceil(sequence / block),
    // Scores inside the block, half of them causal, and the states: of keys and values, of queries.
    scoreFlops: 2 * scores * d + 4 * heads * d * d,
  });
}

/** The norm, which has a weight for each channel, and the sigmoid of the gate. */
function gated(a: Lightning, { local }: LayerContext): Operator {
  const width = widthOf(a);
  const elements = local.tokens * width;
  const e = local.elementBytes;
  return operator({
    name: 'gated-norm',
    kernels: [stream('element-wise', 8 * e * elements, 14 * e * elements, 4)],
    saved: [kept(4 * e * elements), kept(local.linearInputBytes * elements)],
    hostUnits: 8,
    weights: [vector(PART, width)],
  });
}

function output(a: Lightning, { model, local }: LayerContext): Operator {
  const weights = [matrix({ part: PART, rows: model.hiddenSize, columns: widthOf(a), targets: ['o'] })];
  return rowParallel(
    { name: 'out-projection', inputs: widthOf(a), outputs: model.hiddenSize, weights },
    local,
  );
}
