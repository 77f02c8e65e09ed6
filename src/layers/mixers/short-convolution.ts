import { closed, flag, size } from '../../document/shapes.ts';
import { layerModule } from '../layer-module.ts';
import { columnParallel, rowParallel } from '../linear.ts';
import { kept, type LayerContext, type Operator, operator, stream } from '../operator.ts';
import { bias, matrix, vector } from '../weight.ts';
import { convolutionKernel } from './chunked-scans.ts';

/** A convolution over a few tokens, gated before and after (lfm2). */
export interface ShortConvolution {
  readonly kind: 'short-convolution';
  readonly width: number;
  /** Tokens that it reads. */
  readonly kernel: number;
  readonly bias: boolean;
}

const PART = 'shortConvolution';

/** Two gates and the input from one projection, their product, the convolution, the second product, the projection back (transformers, modeling_lfm2.py). */
export const shortConvolution = layerModule<ShortConvolution>({
  kind: 'short-convolution',
  schema: closed({ kind: { const: 'short-convolution' } }, { width: size, kernel: size, bias: flag }),
  complete: (given, hiddenSize) => ({ ...convolutionMixer(hiddenSize), ...given }),
  operators,
  constraints({ width }, { tp, cp }) {
    if (width % tp !== 0)
      return {
        rule: 'channels-divisible-by-tp',
        actual: `${width} channels`,
        limit: `a multiple of tp=${tp}`,
      };
    return cp === 1
      ? null
      : {
          rule: 'context-parallel-convolution',
          actual: 'short convolutions',
          limit: 'cp=1: no runtime passes on the tokens before its part',
        };
  },
  describe: ({ width, kernel }) => `convolution over ${kernel} tokens, ${width} channels`,
  kernelPackages: ['causal-conv1d'],
  weakly: () => 'short convolution: no kernel times published; priced by the bytes that its kernels move',
});

export function convolutionMixer(width: number, kernel = 3, biased = false): ShortConvolution {
  return { kind: 'short-convolution', width, kernel, bias: biased };
}

function operators(
  { width, kernel, bias: biased }: ShortConvolution,
  { model, local }: LayerContext,
): Operator[] {
  const { tokens, tensorParallel: tp, elementBytes: e } = local;
  const h = model.hiddenSize;
  const here = width / tp;
  return [
    columnParallel(
      {
        name: 'in-projection',
        inputs: h,
        outputs: 3 * here,
        weights: [
          matrix({ part: PART, rows: h, columns: 3 * width, elementWise: true }),
          ...bias(biased, PART, 3 * width, { split: 'tensor' }),
        ],
      },
      local,
    ),
    operator({
      name: 'convolution',
      kernels: [
        stream('element-wise', 6 * e * tokens * here, 10 * e * tokens * here, 2),
        convolutionKernel(here, local, false),
      ],
      // Both gates and the input, their product, what is convolved, and what is projected back.
      saved: [kept(5 * e * tokens * here), kept(local.linearInputBytes * tokens * here)],
      backwardBytes: 5 * e * tokens * here,
      hostUnits: 5,
      scoreFlops: 2 * kernel * width,
      weights: [
        vector(PART, kernel * width, { split: 'tensor' }),
        ...bias(biased, PART, width, { split: 'tensor' }),
      ],
    }),
    rowParallel(
      {
        name: 'out-projection',
        inputs: here,
        outputs: h,
        weights: [matrix({ part: PART, rows: h, columns: width }), ...bias(biased, PART, h)],
      },
      local,
    ),
  ];
}
