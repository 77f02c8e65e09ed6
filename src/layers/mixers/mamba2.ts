import { closed, flag, size } from '../../document/shapes.ts';
import type { Reason } from '../../domain/reason.ts';
import { layerModule, type Split } from '../layer-module.ts';
import { columnParallel, rowParallel } from '../linear.ts';
import { kept, type LayerContext, type Operator, operator, stream } from '../operator.ts';
import { bias, matrix, vector } from '../weight.ts';
import { convolutionKernel, scanKernel, stateSpaceWork } from './chunked-scans.ts';
import { headExchange, headsLaw } from './head-exchange.ts';

/** A selective state space whose heads each have one decay (Mamba-2, arXiv 2405.21060). */
export interface Mamba2 {
  readonly kind: 'mamba2';
  readonly heads: number;
  readonly headDim: number;
  /** Of each channel of a head. */
  readonly stateSize: number;
  /** Heads that share B and C. */
  readonly groups: number;
  /** Tokens that the convolution in front of it reads. */
  readonly convKernel: number;
  readonly convBias: boolean;
  readonly projectionBias: boolean;
  /** A gated norm on what it puts out; without: the gate alone (falcon_h1). */
  readonly norm: boolean;
  /** Tokens that its kernels work on as one product. */
  readonly chunk: number;
}

const PART = 'stateSpace';

/** One projection to gate, input, B, C and step; a convolution over the middle three; the scan; a gated norm; the projection back. */
export const mamba2 = layerModule<Mamba2>({
  kind: 'mamba2',
  schema: closed(
    { kind: { const: 'mamba2' }, heads: size, headDim: size, stateSize: size },
    {
      groups: size,
      convKernel: size,
      convBias: flag,
      projectionBias: flag,
      norm: flag,
      chunk: size,
    },
  ),
  complete(given) {
    const whole = { ...mamba2Mixer(given.heads, given.headDim, given.stateSize), ...given };
    const { heads, groups } = whole;
    return heads % groups === 0
      ? whole
      : { key: 'groups', message: `groups is ${groups}`, expected: `a divisor of heads ${heads}` };
  },
  operators: (m, context) => [projection(m, context), scan(m, context), output(m, context)],
  constraints,
  describe: ({ heads, headDim, stateSize, groups }) =>
    `Mamba-2 of ${heads} heads, ${headDim} wide, state ${stateSize}, ${groups} group${groups === 1 ? '' : 's'}`,
  kernelPackages: ['causal-conv1d', 'mamba-ssm'],
  weakly: () =>
    "Mamba-2: its scan is priced by the bytes and products of its kernels, over a rate that published runs of hybrids on NVIDIA's GPUs were fitted to",
});

/** Heads of one decay with what is usual. */
export function mamba2Mixer(
  heads: number,
  headDim: number,
  stateSize: number,
  over: Partial<Mamba2> = {},
): Mamba2 {
  return {
    kind: 'mamba2',
    ...{ heads, headDim, stateSize, groups: 1, convKernel: 4 },
    ...{ convBias: true, projectionBias: false, norm: true, chunk: 128 },
    ...over,
  };
}

/** Heads and groups are divided over tensor parallelism; ranks of context parallelism repeat groups where there are fewer (mamba_mixer.py@d98e8a6). */
function constraints({ heads, groups }: Mamba2, split: Split): Reason | null {
  const { tp, cp } = split;
  if (groups % tp !== 0)
    return { rule: 'groups-divisible-by-tp', actual: `${groups} groups`, limit: `a multiple of tp=${tp}` };
  const own = groups / tp;
  return own % cp !== 0 && cp % own !== 0
    ? {
        rule: 'groups-divisible-by-cp',
        actual: `${own} groups on a tensor-parallel rank`,
        limit: `a multiple or a divisor of cp=${cp}`,
      }
    : headsLaw('Mamba-2 heads', heads, split);
}

/** Elements of one token: of the input of the scan (its gate is as wide), of B or C, of all that is projected; here or in all. */
function widths({ heads, headDim, groups, stateSize }: Mamba2, over = 1) {
  const width = (heads * headDim) / over;
  const keys = (groups * stateSize) / over;
  return { width, keys, convolved: width + 2 * keys, projected: 2 * width + 2 * keys + heads / over };
}

function projection(m: Mamba2, { model, local }: LayerContext): Operator {
  const { projected } = widths(m, local.tensorParallel);
  const all = widths(m).projected;
  return columnParallel(
    {
      name: 'in-projection',
      inputs: model.hiddenSize,
      outputs: projected,
      weights: [
        matrix({ part: PART, rows: model.hiddenSize, columns: all, elementWise: true }),
        ...bias(m.projectionBias, PART, all, { split: 'tensor' }),
      ],
    },
    local,
  );
}

/**
 * Convolution, scan and gated norm. Kept: what is projected, what the scan puts out, and the normed output that is projected back
 * (mamba_split_conv1d_scan_combined works all else out again); backward has the states of all chunks, their gradients, C·Bᵀ and its
 * gradient, and the gradient of what was projected.
 */
function scan(m: Mamba2, context: LayerContext): Operator {
  const { local, stack } = context;
  const { tokens, tensorParallel: tp, elementBytes: e } = local;
  const { width, convolved, projected } = widths(m, tp);
  const all = widths(m);
  // Megatron keeps sequences along the first axis, the scan batches: copied there and back where there are several.
  const copied = local.microBatch > 1 && !stack.fullySharded ? 2 * e * tokens * (projected + width) : 0;
  const work = stateSpaceWork({
    ...{ width, groups: m.groups / tp, stateSize: m.stateSize, chunk: m.chunk, elementBytes: e },
  });
  const states = (8 * width * m.stateSize) / m.chunk + (8 * m.groups * m.chunk) / tp;
  return operator({
    name: 'scan',
    kernels: [
      convolutionKernel(convolved, local, true),
      scanKernel(work, tokens),
      ...(copied === 0 ? [] : [stream('element-wise', copied, copied, 2)]),
      ...(m.norm ? [stream('element-wise', 2 * e * tokens * width, 4 * e * tokens * width)] : []),
    ],
    communication: headExchange(projected + width, context),
    saved: [kept(e * tokens * (projected + width)), kept(local.linearInputBytes * tokens * width)],
    backwardBytes: tokens * (e * (projected + 2 * width) + states),
    hostUnits: 9,
    scoreFlops: 7 * all.width * m.stateSize + 2 * m.convKernel * all.convolved,
    weights: [
      vector(PART, m.convKernel * all.convolved, { split: 'tensor' }),
      ...bias(m.convBias, PART, all.convolved, { split: 'tensor' }),
      vector(PART, 3 * m.heads, { split: 'tensor' }),
      ...bias(m.norm, PART, all.width, { split: 'tensor' }),
    ],
  });
}

function output(m: Mamba2, { model, local }: LayerContext): Operator {
  const { hiddenSize } = model;
  const { width } = widths(m);
  return rowParallel(
    {
      name: 'out-projection',
      inputs: width / local.tensorParallel,
      outputs: hiddenSize,
      weights: [
        matrix({ part: PART, rows: hiddenSize, columns: width }),
        ...bias(m.projectionBias, PART, hiddenSize),
      ],
    },
    local,
  );
}
