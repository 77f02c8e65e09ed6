import { closed, size } from '../../document/shapes.ts';
import { layerModule } from '../layer-module.ts';
import { columnParallel, rowParallel } from '../linear.ts';
import { kept, type LayerContext, type Operator, operator, stream } from '../operator.ts';
import { matrix, vector } from '../weight.ts';
import { convolutionKernel, DELTA_CHUNK, deltaRuleWork, scanKernel } from './chunked-scans.ts';
import { headExchange, headsLaw } from './head-exchange.ts';

/** Linear attention that overwrites what a key stood for (gated delta net, arXiv 2412.06464; qwen3_next, qwen3_5). */
export interface GatedDeltaNet {
  readonly kind: 'gated-delta-net';
  readonly keyHeads: number;
  /** A multiple of them, which share their queries and keys. */
  readonly valueHeads: number;
  readonly keyHeadDim: number;
  readonly valueHeadDim: number;
  readonly convKernel: number;
}

const PART = 'linearAttention';

/** Queries, keys, values, a gate and two numbers a head from one projection; a convolution over the first three; the delta rule; a gated norm; the projection back. */
export const gatedDeltaNet = layerModule<GatedDeltaNet>({
  kind: 'gated-delta-net',
  schema: closed(
    { kind: { const: 'gated-delta-net' }, keyHeads: size, valueHeads: size },
    { keyHeadDim: size, valueHeadDim: size, convKernel: size },
  ),
  complete(given) {
    const { keyHeads, valueHeads } = given;
    return valueHeads % keyHeads === 0
      ? { ...deltaNet(keyHeads, valueHeads), ...given }
      : {
          key: 'valueHeads',
          message: `valueHeads is ${valueHeads}`,
          expected: `a multiple of keyHeads ${keyHeads}`,
        };
  },
  operators: (a, context) => [projection(a, context), rule(a, context), output(a, context)],
  constraints: ({ keyHeads, valueHeads }, split) =>
    headsLaw('key heads', keyHeads, split) ?? headsLaw('value heads', valueHeads, split),
  describe: ({ keyHeads, valueHeads, keyHeadDim, valueHeadDim }) =>
    `gated delta net of ${keyHeads} key heads, ${keyHeadDim} wide, ${valueHeads} value heads, ${valueHeadDim} wide`,
  kernelPackages: ['causal-conv1d', 'flash-linear-attention'],
  weakly: () =>
    "gated delta net: kernel times of one GPU (GB200, fla's table) taken to follow memory bandwidth",
});

export function deltaNet(
  keyHeads: number,
  valueHeads: number,
  over: Partial<GatedDeltaNet> = {},
): GatedDeltaNet {
  return {
    kind: 'gated-delta-net',
    ...{ keyHeads, valueHeads, keyHeadDim: 128, valueHeadDim: 128, convKernel: 4 },
    ...over,
  };
}

/** Elements of one token here or in all: of keys (as many of queries), of values; of all that is projected and convolved. */
function widths({ keyHeads, valueHeads, keyHeadDim, valueHeadDim }: GatedDeltaNet, over = 1) {
  const keys = (keyHeads * keyHeadDim) / over;
  const values = (valueHeads * valueHeadDim) / over;
  const heads = valueHeads / over;
  return { keys, values, heads, convolved: 2 * keys + values, projected: 2 * keys + 2 * values + 2 * heads };
}

function projection(a: GatedDeltaNet, { model, local }: LayerContext): Operator {
  const { projected } = widths(a, local.tensorParallel);
  return columnParallel(
    {
      name: 'in-projection',
      inputs: model.hiddenSize,
      outputs: projected,
      weights: [
        matrix({
          part: PART,
          rows: model.hiddenSize,
          columns: widths(a).projected,
          elementWise: true,
        }),
      ],
    },
    local,
  );
}

/**
 * What fla's kernels keep: what is convolved and the gate; queries and keys as normed, one of each for every value head, with the
 * lengths they had (fp32); decays (fp32), strengths, the inverse of each chunk's K·Kᵀ; what the rule puts out, and that normed and gated.
 * Backward has w, u, new values and the states of chunks again, with their gradients.
 */
function rule(a: GatedDeltaNet, context: LayerContext): Operator {
  const { local } = context;
  const { tokens, tensorParallel: tp, elementBytes: e } = local;
  const { heads, values, convolved, projected } = widths(a, tp);
  const all = widths(a);
  const { keyHeadDim: k, valueHeadDim: v } = a;
  const work = deltaRuleWork({ heads, keyDim: k, valueDim: v, elementBytes: e });
  const spread = heads * k;
  return operator({
    name: 'delta-rule',
    kernels: [
      convolutionKernel(convolved, local, true),
      ...(a.keyHeads === a.valueHeads
        ? []
        : [stream('element-wise', 4 * e * tokens * spread, 4 * e * tokens * spread, 2)]),
      scanKernel(work, tokens),
      stream('element-wise', 3 * e * tokens * values, 5 * e * tokens * values),
    ],
    communication: headExchange(projected + values, context),
    saved: [
      kept(e * tokens * (convolved + values)),
      kept(tokens * (e * (2 * spread + values) + heads * (12 + 4 * e + e * DELTA_CHUNK))),
      kept(e * tokens * values),
      kept(local.linearInputBytes * tokens * values),
    ],
    backwardBytes: tokens * e * (projected + 4 * spread + 5 * values + (2 * heads * k * v) / DELTA_CHUNK),
    // Its host's floor in fla's table, 0.63 ms, is 14 of 45 µs.
    hostUnits: 16,
    // Megatron's count (megatron/training/training.py@d98e8a6): 4·d² a value head, and the convolution.
    scoreFlops: 2 * a.convKernel * all.convolved + 8 * a.valueHeads * v * v,
    weights: [
      vector(PART, a.convKernel * all.convolved, { split: 'tensor' }),
      vector(PART, 2 * a.valueHeads, { split: 'tensor' }),
      vector(PART, v),
    ],
  });
}

function output(a: GatedDeltaNet, { model, local }: LayerContext): Operator {
  const { values } = widths(a);
  return rowParallel(
    {
      name: 'out-projection',
      inputs: values / local.tensorParallel,
      outputs: model.hiddenSize,
      weights: [matrix({ part: PART, rows: model.hiddenSize, columns: values })],
    },
    local,
  );
}
