import { closed, size } from '../../document/shapes.ts';
import type { Reason } from '../../domain/reason.ts';
import { layerModule, type Split } from '../layer-module.ts';
import { columnParallel, rowParallel } from '../linear.ts';
import { residualTokens } from '../local-shape.ts';
import { gemm, kept, type LayerContext, type Operator, operator, stream } from '../operator.ts';
import { matrix, vector } from '../weight.ts';
import { contextExchange, exchangedShape, gatheredBytes } from './context-exchange.ts';

/** Multi-head latent attention (DeepSeek-V2/V3, arXiv 2405.04434 section 2.1). */
export interface LatentAttention {
  readonly kind: 'latent';
  readonly heads: number;
  /** null: queries are projected directly. */
  readonly qLoraRank: number | null;
  readonly kvLoraRank: number;
  readonly qkNopeHeadDim: number;
  readonly qkRopeHeadDim: number;
  readonly vHeadDim: number;
}

const PART = 'attention';

/** Low-rank down projections, norms of the latents, up projections, attention, output. */
export const latent = layerModule<LatentAttention>({
  kind: 'latent',
  schema: closed(
    {
      kind: { const: 'latent' },
      heads: size,
      kvLoraRank: size,
      qkNopeHeadDim: size,
      qkRopeHeadDim: size,
      vHeadDim: size,
    },
    { qLoraRank: { type: ['integer', 'null'], minimum: 1 } },
  ),
  complete: (given) => ({ ...given, qLoraRank: given.qLoraRank ?? null }),
  operators: (a, context) => [
    latentDown(a, context),
    queryUp(a, context),
    keyValueUp(a, context),
    latentRotary(a, context),
    core(a, context),
    latentOutput(a, context),
  ],
  constraints: latentLaw,
  describe: ({ heads }) => `${heads} latent heads`,
});

/** Latent attention's sizes, of whatever kind of layer has it. */
export type Latents = Omit<LatentAttention, 'kind'>;

/** Heads are divided over tensor parallelism. */
export function latentLaw({ heads }: Latents, { tp }: Split): Reason | null {
  return heads % tp === 0
    ? null
    : { rule: 'heads-divisible-by-tp', actual: `${heads} heads`, limit: `a multiple of tp=${tp}` };
}

/** Elements of q (and of k), and of v, on one GPU. */
function sizes(a: Latents, { local }: LayerContext) {
  const heads = a.heads / local.tensorParallel;
  const qkDim = a.qkNopeHeadDim + a.qkRopeHeadDim;
  return { heads, qkDim, qk: local.tokens * heads * qkDim, v: local.tokens * heads * a.vHeadDim };
}

/** Down projections and norms of the latents are whole on every tensor-parallel rank (Megatron's duplicated linear). */
export function latentDown(a: Latents, { model, local }: LayerContext): Operator {
  const e = local.elementBytes;
  const latents = (a.qLoraRank ?? 0) + a.kvLoraRank;
  const rows = residualTokens(local);
  const h = model.hiddenSize;
  const queries =
    a.qLoraRank === null
      ? []
      : [
          matrix({ part: PART, rows: h, columns: a.qLoraRank, split: 'replicated', targets: ['q_a'] }),
          vector(PART, a.qLoraRank),
        ];
  return operator({
    name: 'latent-down',
    kernels: [
      gemm(rows, latents + a.qkRopeHeadDim, h),
      stream('element-wise', 2 * e * rows * latents, 4 * e * rows * latents, 2),
    ],
    saved: [kept(e * rows * (2 * latents + a.qkRopeHeadDim))],
    hostUnits: 6,
    weights: [
      ...queries,
      matrix({
        part: PART,
        rows: h,
        columns: a.kvLoraRank + a.qkRopeHeadDim,
        split: 'replicated',
        targets: ['kv_a'],
      }),
      vector(PART, a.kvLoraRank),
    ],
  });
}

export function queryUp(a: Latents, context: LayerContext): Operator {
  const { model, local } = context;
  const { heads, qkDim, qk } = sizes(a, context);
  const queryInputs = a.qLoraRank ?? model.hiddenSize;
  return columnParallel(
    {
      name: 'q-up',
      inputs: queryInputs,
      outputs: heads * qkDim,
      saved: [kept(local.elementBytes * qk, 'mla_up_proj')],
      modules: ['mla_up_proj'],
      weights: [
        matrix({
          part: PART,
          rows: queryInputs,
          columns: a.heads * qkDim,
          targets: [a.qLoraRank === null ? 'q' : 'q_b'],
        }),
      ],
    },
    local,
  );
}

function keyValueUp(a: LatentAttention, context: LayerContext): Operator {
  const { local } = context;
  const { heads, qk, v } = sizes(a, context);
  const e = local.elementBytes;
  const keyValue = a.qkNopeHeadDim + a.vHeadDim;
  return columnParallel(
    {
      name: 'kv-up',
      inputs: a.kvLoraRank,
      outputs: heads * keyValue,
      saved: [kept(e * (qk + v), 'mla_up_proj')],
      modules: ['mla_up_proj'],
      backwardBytes: e * (2 * qk + v),
      weights: [matrix({ part: PART, rows: a.kvLoraRank, columns: a.heads * keyValue, targets: ['kv_b'] })],
    },
    local,
  );
}

/** Of the part of queries and keys that is. */
export function latentRotary(a: Latents, context: LayerContext): Operator {
  const { qk } = sizes(a, context);
  const e = context.local.elementBytes;
  return operator({
    name: 'rotary',
    modules: ['mla_up_proj'],
    kernels: [stream('element-wise', 4 * e * qk, 4 * e * qk, 3)],
    hostUnits: 4,
  });
}

function core(a: LatentAttention, context: LayerContext): Operator {
  const { local } = context;
  const { heads, qkDim } = sizes(a, context);
  const keyValues = heads * (qkDim + a.vHeadDim);
  const exchanged = { heads, kvHeads: heads, keyValues, queries: heads * qkDim };
  return operator({
    name: 'core-attention',
    modules: ['core_attn'],
    kernels: [
      {
        kind: 'attention',
        shape: {
          batch: local.microBatch,
          ...exchangedShape(exchanged, null, context),
          sequence: local.sequence,
          qkHeadDim: qkDim,
          vHeadDim: a.vHeadDim,
          window: null,
          sinks: false,
        },
      },
    ],
    communication: contextExchange(exchanged, context),
    backwardBytes: gatheredBytes(exchanged, context),
    saved: [kept(4 * local.tokens * heads, 'core_attn')],
    hostUnits: 2,
    scoreFlops: local.sequence * a.heads * (qkDim + a.vHeadDim),
  });
}

export function latentOutput(a: Latents, context: LayerContext): Operator {
  const { model, local } = context;
  const { heads, v } = sizes(a, context);
  const e = local.elementBytes;
  return rowParallel(
    {
      name: 'out-projection',
      inputs: heads * a.vHeadDim,
      outputs: model.hiddenSize,
      saved: [kept((e + (local.linearInputBytes < e ? local.linearInputBytes : 0)) * v)],
      weights: [
        matrix({ part: PART, rows: model.hiddenSize, columns: a.heads * a.vHeadDim, targets: ['o'] }),
      ],
    },
    local,
  );
}
