import { closed, flag, size } from '../../document/shapes.ts';
import { asRun } from '../eager.ts';
import { layerModule } from '../layer-module.ts';
import { columnParallel, rowParallel } from '../linear.ts';
import { input, kept, type LayerContext, type Operator, operator, stream } from '../operator.ts';
import type { RecomputeModule } from '../recompute-modules.ts';
import { subNorm, subNormLaw } from '../sub-norm.ts';
import { bias, matrix, type Weight } from '../weight.ts';

/** Two matrices, or three where gated (SwiGLU, GeGLU). */
export interface DenseMlp {
  readonly kind: 'dense';
  readonly ffnHiddenSize: number;
  readonly gated: boolean;
  readonly bias: boolean;
  /** Left out: SiLU where gated, else GELU. */
  readonly activation?: Activation;
  /** A norm over the whole width, before it is projected down (bitnet). */
  readonly subNorm?: boolean;
}

/**
 * The fourth is of gpt-oss: x·σ(1.702·x) as gate, clamped at 7, over the other half plus one (modeling_gpt_oss.py of transformers). The last
 * is of apertus: a parabola above zero, an exponential below, each with a weight of its own (XIELUActivation of transformers).
 */
export const ACTIVATIONS = ['silu', 'gelu', 'relu', 'clamped-quick-gelu', 'squared-relu', 'xielu'] as const;

/** Of an MLP or of experts: changes no count and next to no time, but which model a launcher is told of. */
export type Activation = (typeof ACTIVATIONS)[number];

export const dense = layerModule<DenseMlp>({
  kind: 'dense',
  schema: closed(
    { kind: { const: 'dense' }, ffnHiddenSize: size },
    { gated: flag, bias: flag, activation: { enum: ACTIVATIONS }, subNorm: flag },
  ),
  complete: (given) => ({ ...denseMlp(given.ffnHiddenSize), ...given }),
  operators: (mlp, context) =>
    mlpOperators({ ...mlp, width: mlp.ffnHiddenSize, part: 'mlpDense', module: 'mlp' }, context),
  constraints: ({ ffnHiddenSize, subNorm }, { tp }) =>
    ffnHiddenSize % tp === 0
      ? subNorm === true
        ? subNormLaw(tp)
        : null
      : { rule: 'ffn-divisible-by-tp', actual: `ffn size ${ffnHiddenSize}`, limit: `a multiple of tp=${tp}` },
  describe: ({ ffnHiddenSize, gated }) => `${gated ? 'gated ' : ''}MLP ${ffnHiddenSize}`,
});

/** Two matrices without biases, or three where gated. */
export function denseMlp(ffnHiddenSize: number, over: Partial<DenseMlp> = {}): DenseMlp {
  return { kind: 'dense', ffnHiddenSize, gated: true, bias: false, ...over };
}

interface Mlp {
  /** The whole ffn size, divided by tensor parallelism here. */
  readonly width: number;
  readonly gated: boolean;
  readonly bias: boolean;
  readonly part: Weight['part'];
  readonly module: RecomputeModule;
  readonly activation?: Activation;
  readonly subNorm?: boolean;
  /** One kernel for the gated activation whatever the stack. */
  readonly fused?: boolean;
}

/** The operators of an MLP, of a layer's own or of a shared expert. */
export function mlpOperators(mlp: Mlp, context: LayerContext): Operator[] {
  const { model, local, stack } = context;
  const { width, gated, part, module } = mlp;
  const h = model.hiddenSize;
  const f = width / local.tensorParallel;
  const e = local.elementBytes;
  const up = gated ? 2 : 1;
  const elements = local.tokens * f;
  // Eager PyTorch keeps SiLU's output and the product apart; fused kernels and compilers do not.
  const [forward, backward] = gated
    ? asRun('gated', [3 * e, 5 * e], stack)
    : [(up + 1) * e, (2 * up + 1) * e];
  // Gates of GELU in Megatron are `fast_gelu`, which none of its fused kernels takes (megatron/core/transformer/mlp.py@d98e8a6, and
  // gemma3_provider.py of Megatron-Bridge@067f987): what it returns is kept beside the product.
  const gelu = gated && mlp.activation === 'gelu';
  const fused = mlp.fused === true || stack.compiled || (stack.fusedActivation && !gelu);
  return [
    columnParallel(
      {
        name: 'fc1',
        inputs: h,
        outputs: up * f,
        saved: [kept(e * elements, module), ...(gated ? [kept(e * elements, module, 'op')] : [])],
        // Its second product's output is dropped where torch checkpoints by operator.
        modules: gated ? [module, 'op'] : [module],
        partly: { op: { share: 1 / 2, received: 'again' } },
        backwardBytes: e * local.tokens * (h + (up + 1) * f),
        weights: [
          matrix({ part, rows: h, columns: up * width, targets: gated ? ['gate', 'up'] : ['up'] }),
          ...bias(mlp.bias, part, up * width, { split: 'tensor' }),
        ],
      },
      local,
    ),
    operator({
      name: 'activation',
      modules: [module, 'op'],
      kernels: [stream('element-wise', forward * elements, backward * elements, fused ? 1 : 2)],
      saved: [
        input('next', local.linearInputBytes * elements, module, 'op'),
        ...(fused || !gated ? [] : [kept(e * elements, module, 'op')]),
      ],
      weights: bias(mlp.activation === 'xielu', part, 2),
    }),
    ...(mlp.subNorm === true ? [subNorm('mlp-sub-norm', part, width, context, [module])] : []),
    rowParallel(
      {
        name: 'fc2',
        inputs: f,
        outputs: h,
        modules: [module],
        weights: [matrix({ part, rows: h, columns: width, targets: ['down'] }), ...bias(mlp.bias, part, h)],
      },
      local,
    ),
  ];
}
