import { closed, size } from '../../document/shapes.ts';
import { layerModule } from '../layer-module.ts';
import { columnParallel, rowParallel } from '../linear.ts';
import { kept, type LayerContext, type Operator, operator, stream } from '../operator.ts';
import { matrix, vector } from '../weight.ts';
import { convolutionKernel } from './chunked-scans.ts';

/** A gated linear recurrence beside a GELU branch (RG-LRU of Griffin, arXiv 2402.19427, section 2.4; recurrent_gemma). */
export interface RgLru {
  readonly kind: 'rg-lru';
  readonly width: number;
  /** Blocks of the two gates' matrices, which are diagonal in them. */
  readonly blocks: number;
  readonly convKernel: number;
}

const PART = 'recurrence';
/** Kernels of one token of the loop: two casts, a product, a sum, a copy (transformers 5.18.0, modeling_recurrent_gemma.py, _rnn_scan). */
const STEP = 5;

/** Both branches from one projection, a convolution, two gates, the recurrence, the product of the branches, the projection back; biases on all. */
export const rgLru = layerModule<RgLru>({
  kind: 'rg-lru',
  schema: closed({ kind: { const: 'rg-lru' } }, { width: size, blocks: size, convKernel: size }),
  complete(given, hiddenSize) {
    const { width, blocks, convKernel } = { ...rgLruMixer(hiddenSize, 1), ...given };
    return width % blocks === 0
      ? { kind: 'rg-lru', width, blocks, convKernel }
      : { key: 'blocks', message: `blocks is ${blocks}`, expected: `a divisor of width ${width}` };
  },
  operators: (r, context) => [
    projection(r, context),
    convolution(r, context),
    gates(r, context),
    recurrence(r, context),
    output(r, context),
  ],
  constraints: (_, { tp, cp }) =>
    tp === 1 && cp === 1
      ? null
      : {
          rule: 'recurrence-whole',
          actual: `tp=${tp}, cp=${cp}`,
          limit: 'tp=1, cp=1: no runtime divides RG-LRU layers',
        },
  describe: ({ width, blocks }) => `RG-LRU ${width} wide, gates of ${blocks} blocks`,
  weakly: () =>
    'RG-LRU: priced as transformers runs it, a loop over the tokens of a sequence on the host; no kernel times published',
});

export function rgLruMixer(width: number, blocks: number, convKernel = 4): RgLru {
  return { kind: 'rg-lru', width, blocks, convKernel };
}

function projection({ width }: RgLru, { model, local }: LayerContext): Operator {
  const weights = [
    matrix({ part: PART, rows: model.hiddenSize, columns: 2 * width, elementWise: true }),
    vector(PART, 2 * width),
  ];
  return columnParallel(
    { name: 'in-projection', inputs: model.hiddenSize, outputs: 2 * width, weights },
    local,
  );
}

/** The GELU of one branch, the convolution of the other. */
function convolution({ width, convKernel }: RgLru, { local }: LayerContext): Operator {
  const { tokens, elementBytes: e } = local;
  return operator({
    name: 'convolution',
    kernels: [
      stream('element-wise', 2 * e * tokens * width, 3 * e * tokens * width),
      convolutionKernel(width, local, false),
    ],
    saved: [kept(3 * e * tokens * width)],
    hostUnits: 4,
    scoreFlops: 2 * convKernel * width,
    weights: [vector(PART, convKernel * width), vector(PART, width)],
  });
}

/** Gates of the input and of the recurrence, block by block, their sigmoids, and what becomes of them: six tensors as wide. */
function gates({ width, blocks }: RgLru, { local }: LayerContext): Operator {
  const { tokens, elementBytes: e } = local;
  const block = width / blocks;
  const one = matrix({
    part: PART,
    rows: block,
    columns: block,
    count: 2 * blocks,
    active: 2 * blocks,
    elementWise: true,
  });
  return operator({
    name: 'gates',
    kernels: [
      { kind: 'batched-gemm', flops: 4 * tokens * width * block, aligned: block % 8 === 0 },
      stream('element-wise', 22 * e * tokens * width, 30 * e * tokens * width, 14),
    ],
    saved: [kept(10 * e * tokens * width)],
    backwardBytes: 4 * e * tokens * width,
    hostUnits: 18,
    weights: [one, vector(PART, 2 * width), vector(PART, width)],
  });
}

/** Token after token, states in fp32, each kept with its gate. */
function recurrence({ width }: RgLru, { local }: LayerContext): Operator {
  const { tokens, sequence, elementBytes: e } = local;
  const bytes = tokens * width * (3 * e + 6 * 4);
  return operator({
    name: 'recurrence',
    kernels: [
      stream('element-wise', bytes, 2 * bytes, STEP * sequence),
      stream('element-wise', 3 * e * tokens * width, 5 * e * tokens * width),
    ],
    saved: [kept(tokens * width * (2 * 4 + 2 * e)), kept(local.linearInputBytes * tokens * width)],
    backwardBytes: 2 * e * tokens * width,
    hostUnits: STEP * sequence + 1,
    scoreFlops: 2 * width,
  });
}

function output({ width }: RgLru, { model, local }: LayerContext): Operator {
  const { hiddenSize } = model;
  const weights = [matrix({ part: PART, rows: hiddenSize, columns: width }), vector(PART, hiddenSize)];
  return rowParallel({ name: 'out-projection', inputs: width, outputs: hiddenSize, weights }, local);
}
