import { closed, size } from '../../document/shapes.ts';
import { layerModule } from '../layer-module.ts';
import { columnParallel, rowParallel } from '../linear.ts';
import { residualTokens } from '../local-shape.ts';
import { gemm, kept, type LayerContext, type Operator, operator, stream } from '../operator.ts';
import { matrix, vector } from '../weight.ts';
import { convolutionKernel, DELTA_CHUNK, deltaRuleWork, scanKernel } from './chunked-scans.ts';
import { headExchange, headsLaw } from './head-exchange.ts';

/** The delta rule with a decay of its own for each channel (Kimi Delta Attention, arXiv 2510.26692, section 3; kimi_linear). */
export interface KimiDelta {
  readonly kind: 'kimi-delta';
  /** Of queries, keys and values alike. */
  readonly heads: number;
  readonly headDim: number;
  readonly convKernel: number;
}

const PART = 'linearAttention';

/**
 * Queries, keys and values, a convolution over each; decays and gates through a low rank of one head's width, a strength a head; the delta
 * rule; a gated norm; the projection back (KimiLinearDeltaAttention of transformers).
 */
export const kimiDelta = layerModule<KimiDelta>({
  kind: 'kimi-delta',
  schema: closed({ kind: { const: 'kimi-delta' }, heads: size }, { headDim: size, convKernel: size }),
  complete: (given) => ({ ...kimiDeltaMixer(given.heads), ...given }),
  operators: (a, context) => [
    projection(a, context),
    lowRank(a, context),
    expanded(a, context),
    rule(a, context),
    output(a, context),
  ],
  constraints: ({ heads }, split) => headsLaw('heads', heads, split),
  describe: ({ heads, headDim }) => `Kimi delta attention of ${heads} heads, ${headDim} wide`,
  kernelPackages: ['causal-conv1d', 'flash-linear-attention'],
  weakly: () =>
    "Kimi delta attention: no kernel times published; priced as the gated delta rule (GB200, fla's table) with decays of each channel through memory",
});

export function kimiDeltaMixer(heads: number, over: Partial<KimiDelta> = {}): KimiDelta {
  return { kind: 'kimi-delta', heads, headDim: 128, convKernel: 4, ...over };
}

const widthOf = ({ heads, headDim }: KimiDelta) => heads * headDim;

function projection(a: KimiDelta, { model, local }: LayerContext): Operator {
  const h = model.hiddenSize;
  return columnParallel(
    {
      name: 'in-projection',
      inputs: h,
      outputs: (3 * widthOf(a) + a.heads) / local.tensorParallel,
      weights: [
        matrix({ part: PART, rows: h, columns: 3 * widthOf(a), targets: ['q', 'k', 'v'] }),
        matrix({ part: PART, rows: h, columns: a.heads }),
      ],
    },
    local,
  );
}

/** Down to one head's width, for decays and for gates: whole on every rank. */
function lowRank(a: KimiDelta, { model, local }: LayerContext): Operator {
  const h = model.hiddenSize;
  const rows = residualTokens(local);
  return operator({
    name: 'low-rank-down',
    kernels: [gemm(rows, a.headDim, h, 2)],
    saved: [kept(2 * local.elementBytes * rows * a.headDim)],
    hostUnits: 4,
    weights: [matrix({ part: PART, rows: h, columns: 2 * a.headDim, split: 'replicated' })],
  });
}

/** Up again: logarithms of decays in fp32, gates as they are. */
function expanded(a: KimiDelta, { local }: LayerContext): Operator {
  const width = widthOf(a) / local.tensorParallel;
  const { tokens, elementBytes: e } = local;
  return operator({
    name: 'low-rank-up',
    kernels: [
      gemm(tokens, width, a.headDim, 2),
      stream('element-wise', (e + 4) * tokens * width, (2 * e + 4) * tokens * width, 2),
    ],
    saved: [kept((2 * e + 4) * tokens * width)],
    hostUnits: 8,
    weights: [
      matrix({ part: PART, rows: a.headDim, columns: 2 * widthOf(a) }),
      vector(PART, widthOf(a) + a.heads, { split: 'tensor' }),
    ],
  });
}

/** As the gated delta rule's, with decays a channel (fp32, read by each kernel of a chunk) where that has one a head. */
function rule(a: KimiDelta, context: LayerContext): Operator {
  const { local } = context;
  const { tokens, tensorParallel: tp, elementBytes: e } = local;
  const heads = a.heads / tp;
  const width = widthOf(a) / tp;
  const d = a.headDim;
  const work = deltaRuleWork({ heads, keyDim: d, valueDim: d, elementBytes: e });
  const decays = 4 * width * work.kernels;
  return operator({
    name: 'delta-rule',
    kernels: [
      convolutionKernel(3 * width, local, true),
      scanKernel(
        {
          ...work,
          forward: { ...work.forward, bytes: work.forward.bytes + decays },
          backward: { ...work.backward, bytes: work.backward.bytes + 2 * decays },
        },
        tokens,
      ),
      stream('element-wise', 3 * e * tokens * width, 5 * e * tokens * width),
    ],
    communication: headExchange(4 * width, context),
    saved: [
      kept(3 * e * tokens * width),
      kept(tokens * (3 * e * width + heads * (8 + 4 * e + e * DELTA_CHUNK))),
      kept(e * tokens * width),
      kept(local.linearInputBytes * tokens * width),
    ],
    backwardBytes: tokens * (e * 12 * width + 8 * width + (2 * e * heads * d * d) / DELTA_CHUNK),
    hostUnits: 16,
    // As Megatron counts the gated delta net: 4·d² a head, and the convolutions.
    scoreFlops: 2 * a.convKernel * 3 * widthOf(a) + 8 * a.heads * d * d,
    weights: [vector(PART, a.convKernel * 3 * widthOf(a), { split: 'tensor' }), vector(PART, d)],
  });
}

function output(a: KimiDelta, { model, local }: LayerContext): Operator {
  return rowParallel(
    {
      name: 'out-projection',
      inputs: widthOf(a) / local.tensorParallel,
      outputs: model.hiddenSize,
      weights: [matrix({ part: PART, rows: model.hiddenSize, columns: widthOf(a), targets: ['o'] })],
    },
    local,
  );
}
