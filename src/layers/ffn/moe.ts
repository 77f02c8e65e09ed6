import { closed, flag, size, sizeOrNone } from '../../document/shapes.ts';
import { layerModule } from '../layer-module.ts';
import { residualTokens } from '../local-shape.ts';
import { norm } from '../norm.ts';
import { gemm, input, kept, type LayerContext, type Operator, operator, stream } from '../operator.ts';
import { bias, matrix, type Weight } from '../weight.ts';
import { ACTIVATIONS, type Activation, mlpOperators } from './dense.ts';
import { busyOf, countsFromRouting, expertSizes, type MoeMlp } from './expert-sizes.ts';
import { gathered, gatheredBytes, whileGathered } from './gathered-experts.ts';
import { combine, dispatch } from './token-exchange.ts';

export type { MoeMlp };

export const moe = layerModule<MoeMlp>({
  kind: 'moe',
  schema: closed(
    { kind: { const: 'moe' }, experts: size, topK: size, expertFfnHiddenSize: size },
    {
      sharedFfnHiddenSize: sizeOrNone,
      gated: flag,
      expertBias: flag,
      routerBias: flag,
      correctionBias: flag,
      sharedGate: flag,
      latentSize: size,
      idleExperts: size,
      branchNorms: flag,
      activation: { enum: ACTIVATIONS },
    },
  ),
  complete(given) {
    const most = given.experts + (given.idleExperts ?? 0);
    if (given.topK > most)
      return { key: 'topK', message: `topK is ${given.topK}`, expected: `at most experts ${most}` };
    return { ...moeMlp(given.experts, given.topK, given.expertFfnHiddenSize), ...given };
  },
  operators: (spec, context) => [
    router(spec, context),
    ...toLatents(spec, context),
    dispatch(spec, context),
    ...experts(spec, context),
    combine(spec, context),
    ...fromLatents(spec, context),
    ...shared(spec, context),
    ...(spec.branchNorms === true ? BRANCH_NORMS.map((name) => norm(name, context, ['moe'])) : []),
  ],
  constraints({ experts: n, expertFfnHiddenSize: width }, { ep, etp }) {
    if (width % etp !== 0)
      return { rule: 'ffn-divisible-by-etp', actual: `ffn size ${width}`, limit: `a multiple of etp=${etp}` };
    if (n % ep !== 0)
      return { rule: 'experts-divisible-by-ep', actual: `${n} experts`, limit: `a multiple of ep=${ep}` };
    return null;
  },
  describe: ({ experts: n, topK, expertFfnHiddenSize, latentSize, idleExperts }) =>
    `${n} experts of ${expertFfnHiddenSize}${idleExperts === undefined ? '' : `, ${idleExperts} that do nothing`}, top ${topK}${latentSize === undefined ? '' : `, on latents of ${latentSize}`}`,
  experts: (spec) => spec.experts,
});

/** Before the experts, after them and after the shared expert (gemma4). */
const BRANCH_NORMS = ['experts-norm', 'post-experts-norm', 'post-shared-norm'];

/** Gated experts with nothing special. */
export function moeMlp(n: number, topK: number, width: number, over: Partial<MoeMlp> = {}): MoeMlp {
  return {
    kind: 'moe',
    experts: n,
    topK,
    expertFfnHiddenSize: width,
    sharedFfnHiddenSize: 0,
    gated: true,
    expertBias: false,
    routerBias: false,
    correctionBias: false,
    sharedGate: false,
    ...over,
  };
}

function router(spec: MoeMlp, context: LayerContext): Operator {
  const { model, c } = context;
  const { rows } = expertSizes(spec, context);
  const n = spec.experts + (spec.idleExperts ?? 0);
  return operator({
    name: 'router',
    modules: ['moe'],
    kernels: [
      { kind: 'gemm', m: rows, n, k: model.hiddenSize, count: 1, wide: true },
      stream('element-wise', 24 * rows * n, 24 * rows * n, 4),
    ],
    saved: [kept(9 * n * rows, 'moe')],
    hostUnits: c.hostUnitsRouter,
    weights: [
      matrix({ part: 'router', rows: model.hiddenSize, columns: n, split: 'replicated' }),
      ...bias(spec.routerBias, 'router', n),
      ...bias(spec.correctionBias, 'router', n, { role: 'buffer', trainable: false }),
      // A scale of each element that it reads, and of each expert (Gemma4TextRouter of transformers).
      ...bias(spec.branchNorms === true, 'router', model.hiddenSize + n),
    ],
  });
}

/** Whole on each rank, on its own tokens (megatron/core/transformer/moe/moe_layer.py@d98e8a6: fc1_latent_proj, fc2_latent_proj). */
function toLatents({ latentSize }: MoeMlp, { model, local }: LayerContext): Operator[] {
  if (latentSize === undefined) return [];
  return [latentProjection('latent-down', [latentSize, model.hiddenSize], local)];
}

function fromLatents({ latentSize }: MoeMlp, { model, local }: LayerContext): Operator[] {
  if (latentSize === undefined) return [];
  const one = latentProjection('latent-up', [model.hiddenSize, latentSize], local);
  return [
    { ...one, saved: [input('next', local.linearInputBytes * residualTokens(local) * latentSize, 'moe')] },
  ];
}

function latentProjection(
  name: string,
  [columns, rows]: readonly [number, number],
  local: LayerContext['local'],
): Operator {
  return operator({
    name,
    modules: ['moe'],
    kernels: [gemm(residualTokens(local), columns, rows)],
    hostUnits: 2,
    weights: [matrix({ part: 'latents', rows, columns, split: 'replicated' })],
  });
}

/**
 * What eager operators of a gate keep beside its input and the product, in its width: what the activation returns; of gpt-oss both clamped
 * halves, the sigmoid and the gate (swiglu in torchtitan/models/gpt_oss/moe.py@b5bcd76).
 */
const KEPT_APART: Readonly<Record<Activation, number>> = {
  ...{ silu: 1, gelu: 1, relu: 1, 'squared-relu': 2, xielu: 2 },
  'clamped-quick-gelu': 4,
};

/**
 * Equal experts as one: grouped GEMMs over all of a rank's own. Where a graph holds the whole iteration they read their
 * sizes on the device, which only kernels do that apply the activation and quantise what they write: Megatron asks for
 * Transformer Engine's (moe_expert_rank_capacity_factor needs use_transformer_engine_op_fuser); experts with biases keep their own kernel.
 */
function experts(spec: MoeMlp, context: LayerContext): Operator[] {
  const { local, stack, c } = context;
  const fused = stack.cudaGraphs === 'full' && !spec.expertBias;
  const { tokens, imbalance, width, up, localExperts, hidden: h } = expertSizes(spec, context);
  const e = local.elementBytes;
  const rows = (tokens * imbalance) / localExperts;
  const unfused = spec.expertBias ? c.unfusedGlu : 1;
  const eager = spec.gated && !fused && !stack.compiled && !stack.fusedActivation;
  const apart = eager ? KEPT_APART[spec.activation ?? 'silu'] : 0;
  // Each expert's GEMM is launched by itself, those of one linear after the other (TE's GroupedLinear; its counts are on the host).
  const launched = countsFromRouting(context) ? (c.hostUnitsPerExpert * localExperts) / 2 : 0;
  const owned: Partial<Weight> = { split: 'expert', count: spec.experts, active: busyOf(spec) };
  const part = 'routedExperts';
  const whole = spec.expertFfnHiddenSize;
  // Where one tensor has all experts' weights, as in models with biases (GptOssExperts), the gradient of each is made in zeros as large.
  const zeros =
    stack.expertsOneByOne === true && spec.expertBias
      ? [stream('element-wise', 0, localExperts ** 2 * e * (up + 1) * h * width, localExperts)]
      : [];
  return [
    operator({
      name: 'expert-fc1',
      modules: ['moe'],
      kernels: [gemm(rows, up * width, h, localExperts, fused ? 'gradient' : null), ...zeros],
      communication: gathered(up * h * whole, spec, context),
      saved: [
        kept(up * e * tokens * width * imbalance, 'moe'),
        ...whileGathered(up * h * whole, spec, context),
      ],
      backwardBytes:
        e * tokens * imbalance * (h + (up + 1) * width) + gatheredBytes(up * h * whole, spec, context),
      hostUnits: 2 + launched,
      dynamic: countsFromRouting(context),
      weights: [
        matrix({
          part,
          rows: h,
          columns: up * whole,
          ...owned,
          targets: spec.gated ? ['gate', 'up'] : ['up'],
        }),
        ...bias(spec.expertBias, part, up * whole, owned),
      ],
    }),
    operator({
      name: 'expert-activation',
      modules: ['moe_act', 'moe'],
      kernels: fused
        ? []
        : [
            stream(
              'element-wise',
              (up + 1) * e * tokens * width * unfused,
              (2 * up + 1) * e * tokens * width * unfused,
            ),
          ],
      saved: [
        input('next', local.linearInputBytes * tokens * width * imbalance, 'moe_act', 'moe'),
        kept(apart * e * tokens * width * imbalance, 'moe_act', 'moe', 'op'),
      ],
      dynamic: countsFromRouting(context),
    }),
    operator({
      name: 'expert-fc2',
      modules: ['moe'],
      kernels: [gemm(rows, h, width, localExperts, fused ? 'input' : null)],
      communication: gathered(h * whole, spec, context),
      saved: whileGathered(h * whole, spec, context),
      backwardBytes: gatheredBytes(h * whole, spec, context),
      hostUnits: 2 + launched,
      dynamic: countsFromRouting(context),
      weights: [
        matrix({ part, rows: h, columns: whole, ...owned, targets: ['down'] }),
        ...bias(spec.expertBias, part, h, owned),
      ],
    }),
  ];
}

function shared(spec: MoeMlp, context: LayerContext): Operator[] {
  const part = 'sharedExperts';
  if (spec.sharedFfnHiddenSize === 0) return [];
  const [first, ...rest] = mlpOperators(
    {
      width: spec.sharedFfnHiddenSize,
      gated: spec.gated,
      bias: false,
      part,
      module: 'shared_experts',
      fused: true,
    },
    context,
  ) as [Operator, ...Operator[]];
  const gate = spec.sharedGate
    ? [matrix({ part, rows: context.model.hiddenSize, columns: 1, split: 'replicated' })]
    : [];
  return [{ ...first, weights: [...first.weights, ...gate] }, ...rest];
}
